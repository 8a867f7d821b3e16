package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"fastcount/engine"
	"fastcount/parser"
)

// share is a byte range of a plain part.
type share struct {
	plain
	from, to int64
}

func (s share) Info() engine.PartInfo {
	info := s.plain.Info()
	info.Range = &engine.Range{From: s.from, To: s.to}
	return info
}

// countShares counts each range between cuts in a separate run, and returns the
// sum and whether the ranges fit together.
func countShares(t *testing.T, data []byte, cuts []int64, cfg engine.Config) (sum map[[2]string]uint64, bytes uint64, fit bool) {
	t.Helper()
	sum, fit = map[[2]string]uint64{}, true
	end := int64(0)
	for i := range len(cuts) - 1 {
		part := share{plain{memory{"a", data}}, cuts[i], cuts[i+1]}
		r, err := engine.Run(t.Context(), []engine.Part{part}, cfg)
		if errors.Is(err, engine.ErrUnproved) {
			return sum, bytes, false
		}
		if err != nil {
			t.Fatalf("from %d to %d: %v", cuts[i], cuts[i+1], err)
		}
		for pair, n := range pairs(r) {
			sum[pair] += n
		}
		bytes += r.Bytes
		got := r.Parts[0].Range
		if got == nil || got.From != cuts[i] || got.To != cuts[i+1] {
			t.Fatalf("got range %+v, want from %d to %d", got, cuts[i], cuts[i+1])
		}
		fit = fit && got.Start == end
		end = got.End
	}
	return sum, bytes, fit && end == int64(len(data))
}

// Ranges between arbitrary cuts, each counted in a separate run, add up to the
// whole, and their reports show that they fit together.
func TestShares(t *testing.T) {
	data := export(3, 2000)
	want := mustCount(t, data)
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		cuts := []int64{0, int64(len(data))}
		for range random.IntN(6) {
			cuts = append(cuts, random.Int64N(int64(len(data))))
		}
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
		sum, bytes, fit := countShares(t, data, cuts, engine.Config{Jobs: 1 + random.IntN(3), RangeSize: 2000})
		if !fit || bytes != uint64(len(data)) || !maps.Equal(sum, want) {
			t.Fatalf("cut at %v: %d bytes of %d, fit %v", cuts, bytes, len(data), fit)
		}
	}
}

// In quoted text that looks like records, a range may begin at the wrong place.
// Then it does not fit to the preceding one.
func TestSharesThatDoNotFit(t *testing.T) {
	var b strings.Builder
	b.WriteString("note,patient_id,event_type\n")
	for range 100 {
		b.WriteString("\"" + strings.Repeat("like a record,P9,hr\n", 5) + "\",P1,bp\n")
	}
	data := []byte(b.String())
	want := mustCount(t, data)
	wrong := 0
	for cut := int64(1); cut < int64(len(data)); cut += 7 {
		sum, _, fit := countShares(t, data, []int64{0, cut, int64(len(data))}, engine.Config{})
		if fit && !maps.Equal(sum, want) {
			t.Fatalf("cut at %d: the ranges fit, but the counts are wrong", cut)
		}
		if !fit {
			wrong++
		}
	}
	if wrong == 0 {
		t.Error("no cut was wrong")
	}
}

func TestErrorInAShare(t *testing.T) {
	data := export(3, 100)
	half := int64(len(data) / 2)
	bad := append(slices.Clone(data), "P1,x\n"...)
	part := share{plain{memory{"a", bad}}, half, int64(len(bad))}
	var syntax *parser.SyntaxError
	_, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: 2, RangeSize: 300})
	if !errors.As(err, &syntax) || syntax.Offset != int64(len(data)) || syntax.Line != 0 || strings.Contains(err.Error(), "line") {
		t.Errorf("got %v", err)
	}
	part.to = half + 10 // the bad row is not in this one
	if _, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: 2}); err != nil {
		t.Error(err)
	}
}

// faulty is a part of which one range, or the whole, fails in a given way.
type faulty struct {
	plain
	at                int64 // where the range begins
	open, read, close error
}

func (f faulty) Open(ctx context.Context) (io.ReadCloser, error) {
	return f.OpenRange(ctx, 0, int64(len(f.data)))
}

func (f faulty) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	if f.at < from || f.at >= to {
		return f.plain.OpenRange(ctx, from, to)
	}
	if f.open != nil {
		return nil, f.open
	}
	s := faultyRange{plainRange{bytes.NewReader(f.data[from:]), to - from}, f.close}
	if f.read != nil {
		s.Reader = io.MultiReader(bytes.NewReader(f.data[from:f.at+1]), iotest.ErrReader(f.read))
	}
	return s, nil
}

type faultyRange struct {
	plainRange
	err error
}

func (r faultyRange) Close() error { return r.err }

// faultyShare is a range of a faulty part.
type faultyShare struct {
	faulty
	from, to int64
}

func (f faultyShare) Info() engine.PartInfo {
	info := f.plain.Info()
	info.Range = &engine.Range{From: f.from, To: f.to}
	return info
}

// An error of any range, in opening, reading or closing it, is that of the run.
func TestFaultInARange(t *testing.T) {
	data := export(3, 1000)
	broken := errors.New("broken")
	for name, fault := range map[string]faulty{
		"open": {open: broken}, "read": {read: broken}, "close": {close: broken},
	} {
		for at := int64(0); at < int64(len(data)); at += 2500 {
			for _, cfg := range []engine.Config{{Jobs: 1}, {Jobs: 2, RangeSize: 2000}, {Jobs: 3, RangeSize: 5000}} {
				fault.plain, fault.at = plain{memory{"a", data}}, at
				for _, part := range []engine.Part{fault, faultyShare{fault, at, min(at+5000, int64(len(data)))}} {
					r, err := engine.Run(t.Context(), []engine.Part{part}, cfg)
					if r != nil || !errors.Is(err, broken) {
						t.Errorf("%s at %d, %d jobs, %T: got %v, %v", name, at, cfg.Jobs, part, r, err)
					}
				}
			}
		}
	}
}

// lateShare is a share of a part that breaks after the header was read.
type lateShare struct {
	share
	err error
}

func (l lateShare) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	if from == 0 {
		return l.share.OpenRange(ctx, from, to)
	}
	return plainRange{io.MultiReader(bytes.NewReader(l.data[from:from+1]), iotest.ErrReader(l.err)), to - from}, nil
}

// An error before the first record of a share is that of the run, although no
// record shows where the share begins.
func TestFaultBeforeTheFirstRecord(t *testing.T) {
	data := export(3, 1000)
	broken := errors.New("broken")
	for _, cfg := range []engine.Config{{Jobs: 1}, {Jobs: 2, RangeSize: 2000}} {
		part := lateShare{share{plain{memory{"a", data}}, 5000, int64(len(data))}, broken}
		if r, err := engine.Run(t.Context(), []engine.Part{part}, cfg); r != nil || !errors.Is(err, broken) {
			t.Errorf("%d jobs: got %v, %v", cfg.Jobs, r, err)
		}
	}
}

// The progress of a part that is counted in ranges has one attempt, and the
// bytes and rows of all ranges.
func TestProgressOfRanges(t *testing.T) {
	data := export(3, 1000)
	progress := new(engine.Progress)
	_, err := engine.Run(t.Context(), []engine.Part{plain{memory{"a", data}}}, engine.Config{Jobs: 2, RangeSize: 2000, Progress: progress})
	if err != nil {
		t.Fatal(err)
	}
	want := engine.PartProgress{Name: "a", Phase: engine.Done, Attempt: 1, Rows: 1000, Bytes: uint64(len(data)), RawBytes: uint64(len(data))}
	got := progressOf(progress)[0]
	if r := got.Report; r == nil || r.Rows != want.Rows || r.Name != "a" {
		t.Errorf("report %+v", r)
	}
	got.Report = nil
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A file that ends without a newline is reported as such by at least one of the
// runs that count a range each, for any ranges.
func TestUnterminated(t *testing.T) {
	for _, ending := range []string{"", "\n"} {
		data := append(bytes.TrimSuffix(export(3, 200), []byte("\n")), ending...)
		for _, size := range []int64{0, 20, 100, 1000} {
			r, err := engine.Run(t.Context(), []engine.Part{plain{memory{"a", data}}}, engine.Config{Jobs: 3, RangeSize: size})
			if err != nil || r.Parts[0].Unterminated != (ending == "") {
				t.Errorf("ending %q, ranges of %d bytes: %+v, %v", ending, size, r, err)
			}
		}
		for cut := int64(1); cut < int64(len(data)); cut += 7 {
			reports := 0
			for _, part := range []engine.Part{share{plain{memory{"a", data}}, 0, cut}, share{plain{memory{"a", data}}, cut, int64(len(data))}} {
				r, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{})
				if err != nil {
					t.Fatal(err)
				}
				if r.Parts[0].Unterminated {
					reports++
				}
			}
			if (reports > 0) != (ending == "") {
				t.Fatalf("ending %q, cut at %d: reported %d times", ending, cut, reports)
			}
		}
	}
}

// A part of which every row would be left out fails, because its dialect is
// wrong.
func TestEveryRowIsBad(t *testing.T) {
	for text, all := range map[string]bool{
		"patient_id,event_type\nP1\n":          true,
		"patient_id,event_type\nP1\nP2,e,1\n":  true,
		"patient_id,event_type\nP1\nP2,bp\n":   false,
		"patient_id,event_type\n":              false,
		"patient_id,event_type\nP1,bp\nP2\n\n": false,
	} {
		_, err := engine.Run(t.Context(), []engine.Part{memory{"a", []byte(text)}}, engine.Config{MaxBadRows: 5})
		if errors.Is(err, engine.ErrOnlyBadRows) != all || !all && err != nil {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// unsized is a part with a byte range that cannot be split.
type unsized struct{ memory }

func (unsized) Info() engine.PartInfo { return engine.PartInfo{Range: &engine.Range{From: 5, To: 9}} }

// silentRange is a part whose ranges report nothing about themselves.
type silentRange struct{ plain }

func (s silentRange) OpenRange(_ context.Context, from, _ int64) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(s.data[from:])), nil
}

// A part that violates the contract fails and is never counted wrongly.
func TestPartsThatBreakTheContract(t *testing.T) {
	data := export(3, 1000)
	for _, part := range []engine.Part{unsized{memory{"a", data}}, silentRange{plain{memory{"a", data}}}} {
		r, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: 2, RangeSize: 1000})
		_, whole := part.(silentRange)
		if whole && err == nil { // read as a whole
			checkReport(t, r, mustCount(t, data))
		} else if err == nil {
			t.Errorf("%T: got %+v", part, r)
		}
	}
}
