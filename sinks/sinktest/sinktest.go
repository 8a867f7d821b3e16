// Package sinktest tests implementations of sinks.Sink. [Run] checks the
// contract of a sink; the other functions return sample reports.
package sinktest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"fastcount/engine"
	"fastcount/sinks"
)

// Options configures [Run]. The zero value tests what holds for every sink.
type Options struct {
	// Parse parses the output of the sink into groups, in any order. Run
	// checks that it returns the groups of every sample, each once. If Parse
	// is nil, the content of the output is not tested.
	Parse func(output []byte) ([]Group, error)

	// Want returns the groups that Parse is expected to return for a report.
	// nil means [Groups].
	Want func(r *engine.Report) []Group

	// MaxHeap is the limit of the memory, in bytes, that the sink may hold
	// while it writes a report of about 2 MB. 0 means 512 KiB.
	MaxHeap uint64
}

// Run checks, in subtests of t, the contract of a sink:
//
//   - The same report gives the same bytes, and is not changed.
//   - Write stops at an error of the writer, after any number of bytes, and
//     returns it.
//   - The output is streamed.
//   - All of [Samples] can be written, and o.Parse returns their counts.
//   - If s is a [sinks.Marker], its output for [Incomplete] names every missing
//     part.
//
// Run measures memory, so t must not be parallel.
func Run(t *testing.T, s sinks.Sink, o Options) {
	t.Helper()
	for _, sample := range Samples() {
		t.Run(sample.Name, func(t *testing.T) {
			if err := check(s, o, sample.Report); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("incomplete", func(t *testing.T) {
		if err := checkIncomplete(s); err != nil {
			t.Error(err)
		}
	})
	t.Run("memory", func(t *testing.T) {
		if err := checkMemory(s, o); err != nil {
			t.Error(err)
		}
	})
}

func check(s sinks.Sink, o Options, r *engine.Report) error {
	output, err := checkDeterministic(s, r)
	if err != nil {
		return err
	}
	if err := checkWriterErrors(s, r, output); err != nil {
		return err
	}
	return checkRoundTrip(o, r, output)
}

// checkDeterministic writes r twice and an equal report once. It returns the
// output.
func checkDeterministic(s sinks.Sink, r *engine.Report) ([]byte, error) {
	before := clone(r)
	var outputs [3]bytes.Buffer
	for i, report := range []*engine.Report{r, r, before} {
		if err := s.Write(&outputs[i], report); err != nil {
			return nil, fmt.Errorf("Write: %w", err)
		}
		if !reflect.DeepEqual(r, before) {
			return nil, errors.New("Write: changed the report")
		}
		if first, now := outputs[0].Bytes(), outputs[i].Bytes(); !bytes.Equal(first, now) {
			return nil, fmt.Errorf("Write: second output differs from the first: got\n%.2000q\nwant\n%.2000q", now, first)
		}
	}
	return outputs[0].Bytes(), nil
}

// checkIncomplete checks the output for an incomplete report. It must name what
// is missing if the sink is a Marker.
func checkIncomplete(s sinks.Sink) error {
	r := Incomplete()
	output, err := checkDeterministic(s, r)
	if err != nil {
		return err
	}
	if err := checkWriterErrors(s, r, output); err != nil {
		return err
	}
	if m, ok := s.(sinks.Marker); !ok || !m.MarksIncomplete() {
		return nil
	}
	for _, missing := range r.Incomplete {
		if !bytes.Contains(output, []byte(missing.Part)) {
			return fmt.Errorf("Write: incomplete report: missing part %q is not named in the output\n%.2000q", missing.Part, output)
		}
	}
	var complete bytes.Buffer
	if err := s.Write(&complete, Demo()); err != nil {
		return fmt.Errorf("Write: %w", err)
	}
	if bytes.Equal(complete.Bytes(), output) {
		return fmt.Errorf("Write: incomplete report: same output as for a complete one\n%.2000q", output)
	}
	return nil
}

func clone(r *engine.Report) *engine.Report {
	c := *r
	c.By, c.Keys = slices.Clone(r.By), slices.Clone(r.Keys)
	for i, values := range r.Keys {
		c.Keys[i] = slices.Clone(values)
	}
	c.Groups, c.Counts, c.Totals = slices.Clone(r.Groups), slices.Clone(r.Counts), slices.Clone(r.Totals)
	c.Parts = slices.Clone(r.Parts)
	c.Incomplete, c.BadRows = slices.Clone(r.Incomplete), slices.Clone(r.BadRows)
	return &c
}

// checkWriterErrors makes the writer fail after every number of bytes, or for a
// longer output after a selection of them that gives 1 MiB of output in all.
func checkWriterErrors(s sinks.Sink, r *engine.Report, output []byte) error {
	runs := 1 + 1<<20/(len(output)+1)
	step := 1 + len(output)/runs
	for limit := 0; limit < len(output); limit += step {
		w := &failingWriter{limit: limit}
		err := s.Write(w, r)
		switch {
		case !errors.Is(err, errFull):
			return fmt.Errorf("Write: writer fails after %d of %d bytes: got error %v", limit, len(output), err)
		case w.after:
			return fmt.Errorf("Write: writer fails after %d bytes: written to again", limit)
		case !bytes.Equal(w.got, output[:limit]):
			return fmt.Errorf("Write: writer fails after %d bytes: bytes differ from the output", limit)
		}
	}
	if err := s.Write(&failingWriter{limit: len(output)}, r); err != nil {
		return fmt.Errorf("Write: writer accepts all %d bytes: %w", len(output), err)
	}
	return nil
}

var errFull = errors.New("test writer is full")

// failingWriter accepts limit bytes, then fails once. Later writes succeed, so
// that a sink that ignores the error is detected.
type failingWriter struct {
	limit  int
	got    []byte
	failed bool
	after  bool // written to after it failed
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.failed {
		w.after = true
		return len(p), nil
	}
	n := min(len(p), w.limit-len(w.got))
	w.got = append(w.got, p[:n]...)
	if n < len(p) {
		w.failed = true
		return n, errFull
	}
	return n, nil
}

func checkRoundTrip(o Options, r *engine.Report, output []byte) error {
	if o.Parse == nil {
		return nil
	}
	got, err := o.Parse(output)
	if err != nil {
		return fmt.Errorf("parse: %w\n%.2000q", err, output)
	}
	want := Groups
	if o.Want != nil {
		want = o.Want
	}
	if diff := difference(got, want(r)); diff != "" {
		return fmt.Errorf("parse: %s\n%.2000q", diff, output)
	}
	return nil
}

// difference describes the first group that differs between got and want, or
// returns "".
func difference(got, want []Group) string {
	byValues := func(a, b Group) int { return slices.Compare(a.Values, b.Values) }
	got, want = slices.SortedFunc(slices.Values(got), byValues), slices.SortedFunc(slices.Values(want), byValues)
	for i := range max(len(got), len(want)) {
		switch {
		case i < len(got) && i > 0 && slices.Equal(got[i].Values, got[i-1].Values):
			return fmt.Sprintf("group %.200q occurs twice", got[i].Values)
		case i == len(got) || i < len(want) && byValues(got[i], want[i]) > 0:
			return fmt.Sprintf("group %.200q: missing", want[i].Values)
		case i == len(want) || byValues(got[i], want[i]) < 0:
			return fmt.Sprintf("group %.200q: not in the report", got[i].Values)
		case got[i].Count != want[i].Count:
			return fmt.Sprintf("group %.200q: got %d, want %d", got[i].Values, got[i].Count, want[i].Count)
		}
	}
	return ""
}

// checkMemory measures the live heap repeatedly while a long report is written.
func checkMemory(s sinks.Sink, o Options) error {
	limit := o.MaxHeap
	if limit == 0 {
		limit = 512 << 10
	}
	r := Large(10_000, 5)
	w := &heapWriter{}
	before := liveHeap()
	if err := s.Write(w, r); err != nil {
		return fmt.Errorf("Write: %w", err)
	}
	runtime.KeepAlive(r)
	if w.peak > before+limit {
		return fmt.Errorf("Write: held %d bytes of memory for %d bytes of output, want at most %d", w.peak-before, w.bytes, limit)
	}
	return nil
}

// heapWriter measures the live heap at its first write and then every 256 KiB.
type heapWriter struct {
	bytes, next int
	peak        uint64
}

func (w *heapWriter) Write(p []byte) (int, error) {
	if w.bytes >= w.next {
		w.peak = max(w.peak, liveHeap())
		w.next = w.bytes + 256<<10
	}
	w.bytes += len(p)
	return len(p), nil
}

// liveHeap returns the number of reachable bytes.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
