package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
)

// Making a file durable takes longer than counting a small one. That is why
// there is a pause between two writes. After it, all parts that have finished
// meanwhile are written together; before it only if they reach a limit.
const (
	pause      = 100 * time.Millisecond // from the beginning of one write to that of the next
	maxPending = 4096                   // parts
	maxSize    = 4 << 20                // memory of their results in bytes, approximately
)

// pending are the results of finished parts that are to be written together.
type pending struct {
	results []*engine.Report // each of one part
	size    int              // in memory
	timer   *time.Timer      // of the write; nil if there are no results
	begun   time.Time        // when the last write began

	pause    time.Duration
	maxParts int
}

// Save is for engine.Config.Save. It returns before the counts of the part are
// written; they are soon, together with those of other parts. After Flush or
// Close has returned nil, they survive a power failure. If the results of
// earlier parts could not be written, the error is that of the write, and the
// part is not saved.
func (s *Store) Save(part int, r *engine.Report) error {
	report := r.Parts[0]
	report.Name, report.Download = s.parts[part].ID, "" // which are unique in every sum
	kept := *r
	kept.Parts = []engine.PartReport{report}

	if err := s.takeFailure(); err != nil {
		return err
	}
	s.mu.Lock()
	p := &s.pending
	p.results, p.size = append(p.results, &kept), p.size+sizeOf(&kept)
	full := len(p.results) >= p.maxParts || p.size >= maxSize
	if !full && p.timer == nil {
		p.timer = time.AfterFunc(time.Until(p.begun.Add(p.pause)), s.writePending)
	}
	s.mu.Unlock()
	if full {
		return s.Flush()
	}
	return nil
}

// sizeOf returns about how much memory the groups of a result need.
func sizeOf(r *engine.Report) (size int) {
	const perValue, perCount, perGroup = 16, 8, 4
	for _, values := range r.Keys {
		for _, v := range values {
			size += len(v) + perValue
		}
	}
	return size + len(r.Counts)*perCount + len(r.Groups)*perGroup
}

// Flush writes the counts of all parts that were saved. The error is that of
// this write or of an earlier one that Save has not returned; the parts of both
// are counted again by a later run.
func (s *Store) Flush() error {
	s.writePending()
	return s.takeFailure()
}

// takeFailure returns the error of a write, once.
func (s *Store) takeFailure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.failed
	s.failed = nil
	return err
}

// writePending writes the pending results. Those that are saved meanwhile are
// pending until the next call.
func (s *Store) writePending() {
	s.writing.Lock()
	defer s.writing.Unlock()
	results := s.takePending()
	if len(results) == 0 {
		return
	}
	if err := s.write(results); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.failed = cmp.Or(s.failed, fmt.Errorf("cannot save the counts of finished parts: %w", err))
	}
}

// takePending removes the pending results and returns them.
func (s *Store) takePending() []*engine.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &s.pending
	results := p.results
	if p.timer != nil {
		p.timer.Stop()
	}
	p.results, p.size, p.timer, p.begun = nil, 0, nil, time.Now()
	return results
}

// write writes results of one part: those that cannot be merged to files of
// their own, and the sum of the others. It requires s.writing.
func (s *Store) write(results []*engine.Report) (err error) {
	var together []*engine.Report
	for _, r := range results {
		if mergeable(r, r.Parts[0].Name) {
			together = append(together, r)
			continue
		}
		_, failed := s.writeFile(r)
		err = errors.Join(err, failed)
	}
	if len(together) == 0 {
		return err
	}
	return errors.Join(err, s.writeSum(together))
}

// writeSum writes the sum of results of one part.
func (s *Store) writeSum(results []*engine.Report) error {
	sum, err := s.sum(results)
	if err != nil {
		return err
	}
	f, err := s.writeFile(sum)
	if err != nil {
		return err
	}
	s.keep(f)
	return nil
}

// unlimited are limits that results exceed only together with those of a run.
var unlimited = engine.Limits{ID: math.MaxInt, Patients: math.MaxInt32, Events: math.MaxInt32, Values: math.MaxInt32,
	Pairs: math.MaxInt32, NamesSize: math.MaxInt}

// sum adds up results of one part.
func (s *Store) sum(results []*engine.Report) (*engine.Report, error) {
	if len(results) == 1 {
		return results[0], nil
	}
	counter, err := engine.NewCounter(s.by, unlimited)
	if err != nil {
		return nil, err
	}
	var parts []engine.PartReport
	for _, r := range results {
		parts = append(parts, r.Parts[0])
		values := make([]string, len(r.Keys))
		for group, n := range r.All() {
			for i, value := range group {
				values[i] = r.Keys[i][value]
			}
			if err := counter.Add(values, n); err != nil {
				return nil, err
			}
		}
	}
	return counter.Report(parts)
}

// writeFile writes a result to a file.
func (s *Store) writeFile(r *engine.Report) (keptFile, error) {
	f := keptFile{ids: make([]string, len(r.Parts))}
	for i, p := range r.Parts {
		f.ids[i] = p.Name
	}
	label := s.known.label(f.ids)
	f.path = s.path(label, len(f.ids))
	return f, atomicfile.Write(s.files, f.path, func(w io.Writer) error { return partial.Write(w, s.header(label), r) })
}
