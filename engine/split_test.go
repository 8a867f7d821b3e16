package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// Every case of the corpus has the same counts, and the same errors at the same
// positions, however it is split.
func TestSplitCorpus(t *testing.T) {
	tried := 0
	for _, c := range slices.Concat(corpus.Cases(), corpus.DialectCases()) {
		t.Run(c.Name, func(t *testing.T) {
			part := plain{memory{"case", []byte(c.Input)}}
			for _, rangeSize := range []int64{1, 2, 3, 7, 16, 50, 1 << 20} {
				for _, jobs := range []int{1, 3} {
					cfg := engine.Config{Jobs: jobs, RangeSize: rangeSize, Dialect: c.Dialect}
					for _, cfg := range []engine.Config{cfg, engine.FuseAll(cfg)} {
						got, err := engine.Run(t.Context(), []engine.Part{part}, cfg)
						checkCase(t, c, got, err)
						tried++
					}
				}
			}
		})
	}
	proof.Cases(t, "splits", tried)
}

func checkCase(t *testing.T, c corpus.Case, got *engine.Report, err error) {
	t.Helper()
	want, at := c.Err, c.At
	if c.CountErr != nil {
		want, at = c.CountErr, c.CountAt
	}
	if want != nil {
		var s *parser.SyntaxError
		if !errors.As(err, &s) || !errors.Is(err, want) || s.Offset != int64(at.Offset) || s.Line != int64(at.Line) {
			t.Fatalf("got %v, want %v at %+v", err, want, at)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	rows := map[[2]string]uint64{}
	for _, row := range c.Rows {
		rows[row]++
	}
	checkReport(t, got, rows)
	stats := c.Stats
	stats.Multiline = uint64(c.Multiline)
	if got.Parts[0].Stats != stats {
		t.Errorf("got %+v, want %+v", got.Parts[0].Stats, stats)
	}
	if got.Bytes != uint64(len(c.Input)) {
		t.Errorf("got %d bytes, want %d", got.Bytes, len(c.Input))
	}
}

// Quoted text that looks like records is counted correctly for all ranges, some
// of which begin with a wrong guess.
func TestSplitInsideQuotes(t *testing.T) {
	var b strings.Builder
	b.WriteString("note,patient_id,event_type\n")
	for i := range 200 {
		fmt.Fprintf(&b, "\"%s\",P%d,bp\n", strings.Repeat("like a record,P9,hr\n", i%9), i%5)
	}
	data := []byte(b.String())
	want := mustCount(t, data)
	for _, rangeSize := range []int64{10, 33, 100, 1000, 5000} {
		for _, jobs := range []int{2, 3, 8} {
			progress := new(engine.Progress)
			cfg := engine.FuseAll(engine.Config{Jobs: jobs, RangeSize: rangeSize, Progress: progress})
			got, err := engine.Run(t.Context(), []engine.Part{plain{memory{"notes", data}}}, cfg)
			if err != nil {
				t.Fatal(err)
			}
			checkReport(t, got, want)
			if p := progressOf(progress)[0]; p.Rows != got.Rows || p.Bytes != got.Bytes || p.Phase != engine.Done {
				t.Errorf("progress at the end: %+v", p)
			}
		}
	}
}

// The number of records that span lines is the sum of those of the workers.
func TestMultilineRowsOfRanges(t *testing.T) {
	data := []byte("patient_id,event_type,note\n" + strings.Repeat("P1,bp,\"a\nb\"\nP2,hr,c\n", 3000))
	for _, cfg := range []engine.Config{{}, {Jobs: 3, RangeSize: 150}, {Jobs: 2, RangeSize: 1000}} {
		r, err := engine.Run(t.Context(), []engine.Part{plain{memory{"notes", data}}}, cfg)
		if err != nil || r.Parts[0].Stats.Multiline != 3000 || r.Rows != 6000 {
			t.Errorf("%d jobs, ranges of %d: %v, %+v", cfg.Jobs, cfg.RangeSize, err, r)
		}
	}
}

// rangesOnly is a part that must not be read as a whole.
type rangesOnly struct{ plain }

func (rangesOnly) Open(context.Context) (io.ReadCloser, error) {
	return nil, errors.New("opened as a whole")
}

// If no guess is wrong, the part is not read as a whole, neither for the counts
// nor for an error.
func TestRangesAreEnough(t *testing.T) {
	data := export(1, 3000)
	want := mustCount(t, data)
	bad := append(slices.Clone(data), "P1,2,bp,\"1\n"...)
	for _, rangeSize := range []int64{100, 999, 30_000} {
		cfg := engine.Config{Jobs: 3, RangeSize: rangeSize}
		got, err := engine.Run(t.Context(), []engine.Part{rangesOnly{plain{memory{"a", data}}}}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		checkReport(t, got, want)
		if got.Bytes != uint64(len(data)) {
			t.Errorf("got %d bytes of %d", got.Bytes, len(data))
		}
		var syntax *parser.SyntaxError
		_, err = engine.Run(t.Context(), []engine.Part{rangesOnly{plain{memory{"a", bad}}}}, cfg)
		if !errors.As(err, &syntax) || syntax.Line != 3002 || syntax.Offset != int64(len(data)+8) {
			t.Errorf("got %v, want an unclosed quote on line 3002", err)
		}
	}
}

// A worker holds the names of all its ranges. Too many of them are reported at
// the position at which reading the part as a whole reports them.
func TestLimitsInRanges(t *testing.T) {
	part := plain{memory{"a", export(1, 3000)}}
	limits := engine.Limits{Patients: 6}
	_, want := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: 1, Limits: limits})
	for _, rangeSize := range []int64{100, 999, 30_000} {
		_, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: 3, RangeSize: rangeSize, Limits: limits})
		if want == nil || err == nil || err.Error() != want.Error() {
			t.Errorf("ranges of %d: got %v, want %v", rangeSize, err, want)
		}
	}
}

// late is a file whose first range can be opened only after a minute.
type late struct{ plain }

func (l late) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	if from == 0 {
		time.Sleep(time.Minute)
	}
	return l.plain.OpenRange(ctx, from, to)
}

// TestLateHeader has all ranges of a file wait for its header. The clock of
// synctest stops if any of them waits for a mutex.
func TestLateHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		part := late{plain{memory{"a", export(1, 2000)}}}
		r, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: 4, RangeSize: 5000})
		if err != nil || r.Rows != 2000 {
			t.Errorf("got %v", err)
		}
	})
}

// noted is a file whose ranges have facts about how they were read.
type noted struct{ plain }

func (n noted) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	stream, err := n.plain.OpenRange(ctx, from, to)
	return notedRange{stream.(plainRange)}, err
}

type notedRange struct{ plainRange }

func (r notedRange) Info() engine.StreamInfo {
	return engine.StreamInfo{Limit: r.limit, Proof: engine.ProofLength, Retries: 2, Mapped: r.limit}
}

// What is known of the ranges of a part is summed up in its report.
func TestFactsOfRanges(t *testing.T) {
	part := noted{plain{memory{"a", export(1, 2000)}}}
	size := part.Info().Size
	r, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: 2, RangeSize: (size + 2) / 3})
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Parts[0]; p.Attempts != 1+3*2 || p.Verified != engine.ProofLength || !p.Mapped || p.RawBytes != uint64(size) {
		t.Errorf("got %+v", p)
	}
}
