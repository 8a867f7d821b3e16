// Package sinktest holds the contract that every sink must pass, as a test, and sample reports for other tests.
package sinktest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"fastcount/engine"
	"fastcount/sinks"
)

// Options say what is known of the sink under test. The zero value tests what holds for every sink.
type Options struct {
	// Parse turns the sink's output back into the counts, by patient and event type, and fails if one occurs
	// twice. With it every sample must come back as it was; without it what the output says is not tested.
	Parse func(output []byte) (map[string]map[string]uint64, error)

	// MaxHeap is how many bytes the sink may hold while it writes a report of about 2 MB; 0 means 512 KiB.
	MaxHeap uint64
}

// Run tests, in subtests of t, that s is a good sink: the same report gives the same bytes every time and is not
// changed; an error of the writer, after whatever number of bytes, ends the work and is returned; the output is
// streamed; each of Samples can be written and, where o.Parse is given, read back; and if s is a sinks.Marker that says
// so of itself, what it writes of Incomplete names every source that is missing.
//
// It measures memory, so that nothing else should run beside it: t must not be parallel.
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

// checkDeterministic writes r twice, and an equal report once, and returns the output.
func checkDeterministic(s sinks.Sink, r *engine.Report) ([]byte, error) {
	before := clone(r)
	var outputs [3]bytes.Buffer
	for i, report := range []*engine.Report{r, r, before} {
		if err := s.Write(&outputs[i], report); err != nil {
			return nil, fmt.Errorf("Write: %w", err)
		}
		if !reflect.DeepEqual(r, before) {
			return nil, errors.New("the sink changed the report")
		}
		if first, now := outputs[0].Bytes(), outputs[i].Bytes(); !bytes.Equal(first, now) {
			return nil, fmt.Errorf("written again, the report is\n%.2000q\nand was at first\n%.2000q", now, first)
		}
	}
	return outputs[0].Bytes(), nil
}

// checkIncomplete holds a sink to its word that its output tells when a report is incomplete. A sink that gives no such
// word may write what it likes, but the other clauses of the contract hold for it too.
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
			return fmt.Errorf("the sink says that it marks an incomplete report, and does not name %q\n%.2000q", missing.Part, output)
		}
	}
	var whole bytes.Buffer
	if err := s.Write(&whole, Demo()); err != nil {
		return fmt.Errorf("Write: %w", err)
	}
	if bytes.Equal(whole.Bytes(), output) {
		return fmt.Errorf("the sink says that it marks an incomplete report, and writes the same as of a complete one\n%.2000q", output)
	}
	return nil
}

func clone(r *engine.Report) *engine.Report {
	c := *r
	c.Patients, c.Events = slices.Clone(r.Patients), slices.Clone(r.Events)
	c.Pairs, c.Totals = slices.Clone(r.Pairs), slices.Clone(r.Totals)
	c.Parts = slices.Clone(r.Parts)
	c.Incomplete, c.BadRows = slices.Clone(r.Incomplete), slices.Clone(r.BadRows)
	return &c
}

// checkWriterErrors lets the writer fail after each number of bytes; of a longer output, after as many of them as
// make 1 MiB of output in all.
func checkWriterErrors(s sinks.Sink, r *engine.Report, output []byte) error {
	runs := 1 + 1<<20/(len(output)+1)
	step := 1 + len(output)/runs
	for room := 0; room < len(output); room += step {
		w := &failingWriter{room: room}
		err := s.Write(w, r)
		switch {
		case !errors.Is(err, errFull):
			return fmt.Errorf("the writer failed after %d of %d bytes, and Write returned %v", room, len(output), err)
		case w.after:
			return fmt.Errorf("the writer failed after %d bytes, and was written to again", room)
		case !bytes.Equal(w.got, output[:room]):
			return fmt.Errorf("the first %d bytes written are not the first of the output", room)
		}
	}
	if err := s.Write(&failingWriter{room: len(output)}, r); err != nil {
		return fmt.Errorf("there was room for all %d bytes, and Write returned %w", len(output), err)
	}
	return nil
}

var errFull = errors.New("the test's writer is full")

// failingWriter takes room bytes, then fails once; a writer that ignores that finds it working again.
type failingWriter struct {
	room   int
	got    []byte
	failed bool
	after  bool // written to after it failed
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.failed {
		w.after = true
		return len(p), nil
	}
	n := min(len(p), w.room-len(w.got))
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
		return fmt.Errorf("the output cannot be parsed: %w\n%.2000q", err, output)
	}
	if diff := difference(got, Counts(r)); diff != "" {
		return fmt.Errorf("read back, %s\n%.2000q", diff, output)
	}
	return nil
}

// difference describes the first pair found in which got is not want, or returns "".
func difference(got, want map[string]map[string]uint64) string {
	for _, patient := range slices.Sorted(maps.Keys(want)) {
		for _, event := range slices.Sorted(maps.Keys(want[patient])) {
			if n := want[patient][event]; got[patient][event] != n {
				return fmt.Sprintf("patient %.100q has event %.100q %d times, not %d", patient, event, got[patient][event], n)
			}
		}
	}
	for patient, events := range got {
		if len(events) != len(want[patient]) {
			return fmt.Sprintf("patient %.100q has %d event types, not %d", patient, len(events), len(want[patient]))
		}
	}
	return ""
}

// checkMemory looks at the live heap again and again while a long report is written.
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
		return fmt.Errorf("to write %d bytes the sink held %d bytes of memory, more than %d", w.bytes, w.peak-before, limit)
	}
	return nil
}

// heapWriter measures the live heap at its first write and after each further 256 KiB.
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

// liveHeap returns how many bytes are reachable.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
