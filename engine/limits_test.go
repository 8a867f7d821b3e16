package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/parser"
)

// TestLimitsOfFiles checks that a file may reach each limit, and that exceeding
// it anywhere is an error that names it, with and without ranges.
func TestLimitsOfFiles(t *testing.T) {
	long := strings.Repeat("x", 40)
	tests := map[string]struct {
		row  string // over the limit
		good func(*engine.Config)
		bad  func(*engine.Config)
		want string
	}{
		"patients": {"P9,t,bp,1\n", func(c *engine.Config) { c.Limits.Patients = 8 }, func(c *engine.Config) { c.Limits.Patients = 7 },
			"more than 7 distinct patients"},
		"events": {"P1,t,x,1\n", func(c *engine.Config) { c.Limits.Events = 4 }, func(c *engine.Config) { c.Limits.Events = 3 },
			"more than 3 distinct event types"},
		"pairs": {"P9,t,x,1\n", func(c *engine.Config) { c.Limits.Pairs = 22 }, func(c *engine.Config) { c.Limits.Pairs = 21 },
			"more than 21 distinct pairs"},
		"id": {long + ",t,bp,1\n", func(c *engine.Config) { c.Limits.ID = 40 }, func(c *engine.Config) { c.Limits.ID = 39 },
			"an id is longer than 39 bytes"},
		"record": {"P001," + long + ",bp,1\n", func(c *engine.Config) { c.RecordLimits.MaxRecord = 50 }, func(c *engine.Config) { c.RecordLimits.MaxRecord = 49 },
			"record too long: limit is 49 bytes"},
		"quoted record": {"P001,\"" + strings.Repeat("\n", 40) + "\",bp,1\n", func(c *engine.Config) { c.RecordLimits.MaxRecord = 52 },
			func(c *engine.Config) { c.RecordLimits.MaxRecord = 40 }, "record too long: quoted field not closed within the limit of 40 bytes"},
		"lines": {"P001,\"" + strings.Repeat("\n", 40) + "\",bp,1\n", func(c *engine.Config) { c.RecordLimits.MaxRecordLines = 41 },
			func(c *engine.Config) { c.RecordLimits.MaxRecordLines = 40 }, "too many lines in a record: limit is 40"},
		"names": {long + ",t,bp,1\n", func(c *engine.Config) { c.Limits.NamesSize = 7*4 + 16 + 40 }, func(c *engine.Config) { c.Limits.NamesSize = 7*4 + 16 + 39 },
			"all patient ids and event types together are longer than 83 bytes"},
	}
	rows := export(1, 2000)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, at := range []int{0, 1000, 2000} {
				head := nthLine(rows, at+1)
				part := plain{memory{"a", join(rows[:head], []byte(tt.row), rows[head:])}}
				checkLimit(t, part, tt.good, tt.bad, tt.want)
			}
		})
	}
}

// checkLimit counts a part with both configurations, with and without ranges.
func checkLimit(t *testing.T, part engine.Part, good, bad func(*engine.Config), want string) {
	t.Helper()
	var inOneGo string
	for _, cfg := range []engine.Config{{Jobs: 1}, {Jobs: 2, RangeSize: 100}, {Jobs: 3, RangeSize: 5000}, {Jobs: 3, RangeSize: 30_000}} {
		good(&cfg)
		if r, err := engine.Run(t.Context(), []engine.Part{part}, cfg); err != nil || r.Rows != 2001 {
			t.Errorf("%d jobs, ranges of %d: %v", cfg.Jobs, cfg.RangeSize, err)
		}
		bad(&cfg)
		_, err := engine.Run(t.Context(), []engine.Part{part}, cfg)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Fatalf("%d jobs, ranges of %d: got %v, want %s", cfg.Jobs, cfg.RangeSize, err, want)
		}
		if inOneGo == "" {
			inOneGo = err.Error()
		}
		if err.Error() != inOneGo {
			t.Errorf("%d jobs, ranges of %d: got %v; in one go: %s", cfg.Jobs, cfg.RangeSize, err, inOneGo)
		}
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// nthLine returns the offset of the line with this number, from 0.
func nthLine(data []byte, n int) (at int) {
	for range n {
		at += bytes.IndexByte(data[at:], '\n') + 1
	}
	return at
}

func TestLimitOfColumns(t *testing.T) {
	part := plain{memory{"a", export(1, 2001)}}
	checkLimit(t, part, func(c *engine.Config) { c.RecordLimits.MaxColumns = 4 }, func(c *engine.Config) { c.RecordLimits.MaxColumns = 3 },
		"too many columns: got 4, limit is 3")
}

// huge is a file of one gibibyte: a prefix, and then one repeated piece.
type huge struct {
	memory
	begin, again string
	overrun      atomic.Bool // a range was read for longer than it is of use
}

const (
	hugeSize = 1 << 30
	usable   = 64 << 20 // bytes of a range that may be read before the first range is found to be bad
)

func (h *huge) Info() engine.PartInfo {
	return engine.PartInfo{Size: hugeSize, SizeKnown: true}
}

func (h *huge) Boundary(_ context.Context, at int64) (int64, error) { return at, nil }

func (h *huge) Open(ctx context.Context) (io.ReadCloser, error) { return h.OpenRange(ctx, 0, hugeSize) }

func (h *huge) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	return &hugeRange{ctx, h, from, from, to}, nil
}

type hugeRange struct {
	ctx          context.Context
	file         *huge
	from, at, to int64
}

func (r *hugeRange) Info() engine.StreamInfo { return engine.StreamInfo{Limit: r.to - r.from} }
func (r *hugeRange) Close() error            { return nil }

func (r *hugeRange) Read(b []byte) (int, error) {
	switch {
	case r.at >= hugeSize:
		return 0, io.EOF
	case r.at-r.from > usable:
		select {
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		case <-time.After(time.Minute):
			r.file.overrun.Store(true)
			return 0, io.EOF
		}
	}
	text := r.file.begin
	at := r.at
	if offset := at - int64(len(text)); offset >= 0 {
		text = r.file.again
		at = offset % int64(len(text))
	}
	n := copy(b[:min(int64(len(b)), hugeSize-r.at)], text[at:])
	r.at += int64(n)
	return n, nil
}

// TestErrorEndsAllRanges checks that the other ranges of a file are not read to
// their ends after an early error, and that no range searches for the end of a
// record beyond the limit of its length.
func TestErrorEndsAllRanges(t *testing.T) {
	const header = "patient_id,event_type\n"
	rows := strings.Repeat("P1,bp\nP2,hr\n", 5000)
	for name, tt := range map[string]struct {
		begin, again string
		want         error
	}{
		"malformed":      {header + strings.Repeat(rows, 300) + "P1\n", rows, parser.ErrFieldCount}, // after 18 MB
		"endless header": {"", strings.Repeat("x", 60_000), parser.ErrRecordTooLong},
		"endless record": {header + "P1", strings.Repeat("x", 60_000), parser.ErrRecordTooLong},
		"endless field":  {header + "P1,\"", strings.Repeat("x", 60_000), parser.ErrRecordTooLong},
		"endless lines":  {header + "P1,\"", strings.Repeat("x\n", 30_000), parser.ErrTooManyLines},
	} {
		t.Run(name, func(t *testing.T) {
			h := &huge{begin: tt.begin, again: tt.again}
			_, err := engine.Run(t.Context(), []engine.Part{h}, engine.Config{Jobs: 3, RangeSize: hugeSize / 4})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v", err)
			}
			if h.overrun.Load() {
				t.Error("a range was read on")
			}
		})
	}
}

// dripping is a stream of a bad row and a buffer full of good ones, followed by
// one row every 100 ms without end.
type dripping struct{ begun bool }

func (d *dripping) Read(b []byte) (int, error) {
	const row = "P1,bp\n"
	if d.begun {
		time.Sleep(100 * time.Millisecond)
		return copy(b, row), nil
	}
	d.begun = true
	return copy(b, "patient_id,event_type\nP1\n"+strings.Repeat(row, len(b)/len(row))), nil
}

// TestBadContentThatDrips checks that the error of bad content does not wait
// long for a possible error of the transport.
func TestBadContentThatDrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		part := &download{attempts: []io.Reader{&dripping{}}}
		_, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{})
		if !errors.Is(err, parser.ErrFieldCount) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestLimitsAreBounded checks that no limit exceeds what 32 bits can number.
func TestLimitsAreBounded(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("an int has 32 bits")
	}
	for _, set := range []func(*engine.Limits, int){
		func(l *engine.Limits, n int) { l.Patients = n },
		func(l *engine.Limits, n int) { l.Events = n },
		func(l *engine.Limits, n int) { l.Values = n },
		func(l *engine.Limits, n int) { l.Pairs = n },
	} {
		var cfg engine.Config
		set(&cfg.Limits, math.MaxInt32)
		if err := cfg.Validate(); err != nil {
			t.Error(err)
		}
		largest := math.MaxInt32
		set(&cfg.Limits, largest+1)
		if cfg.Validate() == nil {
			t.Errorf("%+v is accepted", cfg.Limits)
		}
	}
}
