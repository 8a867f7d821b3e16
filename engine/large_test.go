package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
	"fastcount/sinks"
)

// giant is a file that consists of a header, a repeated block of rows, and a
// tail.
type giant struct {
	header, block, tail string
	times               int64
}

func (g *giant) Name() string { return "giant" }
func (g *giant) size() int64  { return g.tailAt() + int64(len(g.tail)) }

func (g *giant) Info() engine.PartInfo {
	return engine.PartInfo{Size: g.size(), SizeKnown: true}
}

// tailAt returns the offset of the tail.
func (g *giant) tailAt() int64 { return int64(len(g.header)) + g.times*int64(len(g.block)) }

func (g *giant) Boundary(_ context.Context, at int64) (int64, error) { return at, nil }

func (g *giant) Open(ctx context.Context) (io.ReadCloser, error) {
	return g.OpenRange(ctx, 0, g.size())
}

func (g *giant) OpenRange(_ context.Context, from, to int64) (io.ReadCloser, error) {
	return &giantRange{giant: g, at: from, limit: to - from}, nil
}

type giantRange struct {
	*giant
	at, limit int64
}

func (r *giantRange) Info() engine.StreamInfo { return engine.StreamInfo{Limit: r.limit} }
func (r *giantRange) Close() error            { return nil }

func (r *giantRange) Read(b []byte) (n int, err error) {
	for n < len(b) {
		text := r.next()
		if text == "" {
			return n, io.EOF
		}
		m := copy(b[n:], text)
		n += m
		r.at += int64(m)
	}
	return n, nil
}

// next returns the rest of the header, of a block, or of the tail.
func (r *giantRange) next() string {
	offset := r.at - int64(len(r.header))
	switch tail := r.at - r.tailAt(); {
	case offset < 0:
		return r.header[r.at:]
	case tail >= 0:
		return r.tail[min(tail, int64(len(r.tail))):]
	}
	return r.block[offset%int64(len(r.block)):]
}

// checkGiant counts a file whose tail is a good row and a bad one, and then the
// same file without the bad row.
func checkGiant(t *testing.T, g *giant, rowsOfBlock int) {
	t.Helper()
	good := strings.SplitAfter(g.tail, "\n")[0]
	rows := g.times*int64(rowsOfBlock) + 1
	for _, cfg := range []engine.Config{{Jobs: 1}, {Jobs: 2, RangeSize: 1 << 30}} {
		_, err := engine.Run(t.Context(), []engine.Part{g}, cfg)
		var syntax *parser.SyntaxError
		switch {
		case !errors.As(err, &syntax):
			t.Fatalf("%d jobs: got %v", cfg.Jobs, err)
		case syntax.Offset != g.tailAt()+int64(len(good)) || syntax.Line != rows+2 || !errors.Is(err, parser.ErrFieldCount):
			t.Errorf("%d jobs: got %v, want byte %d and line %d", cfg.Jobs, err, g.tailAt()+int64(len(good)), rows+2)
		}
	}
	whole := *g
	whole.tail = good
	r, err := engine.Run(t.Context(), []engine.Part{&whole}, engine.Config{Jobs: 2})
	if err != nil {
		t.Fatal(err)
	}
	size := whole.size()
	if r.Rows != uint64(rows) || r.Bytes != uint64(size) || len(r.Counts) != 1 || r.Counts[0] != uint64(rows) {
		t.Errorf("got %d rows of %d bytes, and counts %v; want %d and %d", r.Rows, r.Bytes, r.Counts, rows, size)
	}
}

// In a file of more than 2³² bytes, every row is counted, and an error is
// reported at its position. In a short test the file has 43 MB.
func TestOffsetsPast32Bits(t *testing.T) {
	row := "P1,bp," + strings.Repeat("x", 1000) + "\n"
	block := strings.Repeat(row, 1000)
	checkGiant(t, &giant{"patient_id,event_type,x\n", block, "P1,bp,\nP1,bp\n", int64(proof.Bound(42, int(1<<32/int64(len(block)))+1))}, 1000)
}

// The same holds for more than 2³² rows: 5·10⁹, which are read three times. In
// a short test there are 5·10⁶.
func TestRowsPast32Bits(t *testing.T) {
	const rowsOfBlock = 100_000
	block := strings.Repeat("P1,bp,12345\n", rowsOfBlock)
	checkGiant(t, &giant{"patient_id,event_type,x\n", block, "P1,bp,\nP1,bp\n", int64(proof.Bound(50, 50_000))}, rowsOfBlock)
}

// keptRows is a store with a part that has n rows of one pair.
func keptRows(n uint64) *kept {
	return &kept{reports: map[int]*engine.Report{0: {
		Keys: [][]string{{"P1"}, {"bp"}}, Groups: []uint32{0, 0}, Counts: []uint64{n}, Totals: []uint64{n},
		Rows: n, Bytes: n / 2, Parts: []engine.PartReport{{Name: "kept", Rows: n, Bytes: n / 2, Attempts: 1}},
	}}}
}

// TestLargeCounts checks that counts may exceed every smaller integer type, and
// that every sink writes them.
func TestLargeCounts(t *testing.T) {
	two := []byte("patient_id,event_type\nP1,bp\nP1,bp\n")
	for _, n := range []uint64{1<<31 - 1, 1<<32 - 1, 1<<53 - 1, 1 << 53, 1<<63 - 1, math.MaxUint64 - 2} {
		parts := []engine.Part{memory{"kept", nil}, memory{"new", two}}
		r, err := engine.Run(t.Context(), parts, engine.Config{Load: keptRows(n).Load})
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint(n + 2)
		if r.Rows != n+2 || r.Totals[0] != n+2 || r.Counts[0] != n+2 {
			t.Errorf("%d: got %+v", n, r)
		}
		for _, name := range []string{"json", "csv", "ndjson"} {
			sink, err := sinks.Builtin(sinks.Options{}).Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := sink.Write(&b, r); err != nil || !strings.Contains(b.String(), want) {
				t.Errorf("%s: got %s, %v, want %s", name, &b, err, want)
			}
		}
	}
}

// TestCountsEnd checks that no number of rows or bytes wraps around.
func TestCountsEnd(t *testing.T) {
	two := []byte("patient_id,event_type\nP1,bp\nP2,bp\n")
	for _, parts := range [][]engine.Part{
		{memory{"kept", nil}, memory{"new", two}},
		{memory{"kept", nil}, plain{memory{"new", two}}},
	} {
		r, err := engine.Run(t.Context(), parts, engine.Config{Load: keptRows(math.MaxUint64 - 1).Load})
		if !errors.Is(err, engine.ErrOverflow) || !errors.Is(err, engine.ErrLimit) {
			t.Errorf("got %+v, %v", r, err)
		}
		manyBytes := keptRows(1)
		manyBytes.reports[0].Parts[0].Bytes = math.MaxUint64 - 1
		r, err = engine.Run(t.Context(), parts, engine.Config{Load: manyBytes.Load})
		if !errors.Is(err, engine.ErrOverflow) {
			t.Errorf("bytes: got %+v, %v", r, err)
		}
	}
}
