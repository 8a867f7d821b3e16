package engine_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/corpus"
)

// object is a remote part that can be split. Reading a range from the byte
// broken on fails at once. Until then, the first range has no data.
type object struct {
	plain
	broken int64
	log    *openings
}

// openings records where ranges begin; -1 is the whole.
type openings struct {
	mu sync.Mutex
	at []int64
}

// add records an opening, and returns the number of those before.
func (o *openings) add(at int64) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at = append(o.at, at)
	return len(o.at) - 1
}

func (o object) Info() engine.PartInfo {
	info := o.plain.Info()
	info.Remote = true
	return info
}

func (o object) Open(ctx context.Context) (io.ReadCloser, error) {
	o.log.add(-1)
	return o.plain.Open(ctx)
}

var errTransport = errors.New("503")

func (o object) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	before := o.log.add(from)
	switch {
	case from >= o.broken:
		return nil, errTransport
	case before > 0 && o.broken < o.Info().Size: // not for the header
		return plainRange{silent{ctx}, to - from}, nil
	}
	return plainRange{&corpus.Pieces{Data: o.data[from:]}, to - from}, nil
}

// silent is a reader whose data never arrives.
type silent struct{ ctx context.Context }

func (w silent) Read([]byte) (int, error) {
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

// Remote parts are split for the workers of Config.Transfers.
func TestRemoteRanges(t *testing.T) {
	data := export(1, 3000)
	for _, transfers := range []int{1, 4} {
		var log openings
		cfg := engine.Config{Jobs: 5 - transfers, Transfers: transfers, RangeSize: int64(len(data)/10 + 1)}
		part := object{plain{memory{"a", data}}, int64(len(data)), &log}
		got, err := engine.Run(t.Context(), []engine.Part{part}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		checkReport(t, got, mustCount(t, data))
		if split := len(log.at) > 1; split != (transfers > 1) {
			t.Errorf("%d transfers: opened at %d", transfers, log.at)
		}
	}
}

// If a range of a remote part cannot be read, the part is read as a whole at
// once, although the first range makes no progress.
func TestBrokenRemoteRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := export(1, 3000)
		var log openings
		var reported []error
		cfg := engine.Config{Transfers: 2, RangeSize: int64(len(data)/2 + 1), Retrying: func(_ string, _ int, err error, _ time.Duration) {
			reported = append(reported, err)
		}}
		part := object{plain{memory{"a", data}}, 1, &log}
		got, err := engine.Run(t.Context(), []engine.Part{part}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		checkReport(t, got, mustCount(t, data))
		if last := log.at[len(log.at)-1]; last != -1 || !slices.Contains(reported, errTransport) || got.Parts[0].Attempts != 1 {
			t.Errorf("opened at %d, reported %v, %d attempts", log.at, reported, got.Parts[0].Attempts)
		}
	})
}
