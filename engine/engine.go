// Package engine counts the rows of an export by key columns, by default the
// patient and the event type.
//
// [Run] takes the parts of the export, each a name and a way to open a stream
// of CSV. It returns a [Report]: the number of rows of each group, which is a
// tuple of values of the key columns that occurs, or a pair if there are two.
// Package sources has parts for files, URLs and the downloads of an export;
// [NewPart] makes one from a function. [PartInfo] holds what is known of a
// part, such as the number of rows that a server declares. A part is also a
// [Retrier] if a failed attempt may be repeated, and a [Splitter] if it can be
// read from several offsets concurrently.
//
// An attempt opens a part and reads its stream to the end. Package parser
// splits the stream into blocks of whole records, and the values of each block
// are counted. One goroutine does all of that, into an accumulator of its own,
// whose counts join the total only after the stream has ended and every check
// has passed: a failed attempt leaves no trace. A large plain file is split
// into byte ranges that several workers count.
//
// A report is complete unless [Config] allows otherwise. Then parts that
// failed, rows that were left out, and parts that differ from what their server
// declared make it incomplete; [Report.Incomplete] lists them.
package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Run counts all parts and returns the report. It attempts every part, even
// after others have failed, so that the result is the same in every run: the
// report if all parts succeeded; an error for which [Failures] lists every part
// that failed; one that matches [ErrLimit] if all succeeded but together exceed
// Config.Limits; or, soon after ctx ends, its cause. No goroutine outlives Run.
func Run(ctx context.Context, parts []Part, cfg Config) (*Report, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	r := newRun(parts, cfg)
	r.restore(ctx)
	local, remote := r.crews(ctx)
	var workers sync.WaitGroup
	r.start(ctx, &workers, local)
	r.start(ctx, &workers, remote)
	workers.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return r.report()
}

// run is the state that the workers of one Run share.
type run struct {
	cfg    Config
	parts  []Part
	states []partState // progress, by part

	mu       sync.Mutex // guards what follows
	total    *accumulator
	overflow error          // why the total is invalid
	reports  []PartReport   // by part
	failures []*PartError   // by part, nil where it did not fail
	badRows  [][]BadRow     // by part
	spare    []*accumulator // accumulators that are not in use
}

func newRun(parts []Part, cfg Config) *run {
	return &run{
		cfg:      cfg,
		parts:    parts,
		states:   cfg.Progress.start(parts),
		total:    newAccumulator(cfg),
		reports:  make([]PartReport, len(parts)),
		failures: make([]*PartError, len(parts)),
		badRows:  make([][]BadRow, len(parts)),
	}
}

// settle commits a part that was counted, or records that it failed with err.
// Config.AllowMismatch decides whether a part that differs from its declaration
// fails. Only complete parts are passed to Config.Save, so that no later run
// takes an incomplete one for complete.
func (r *run) settle(part int, t *accumulator, report PartReport, err error) {
	report.Download = downloadID(r.parts[part])
	if err == nil && report.BadRows > 0 && report.Rows == 0 {
		err = classed(ErrOnlyBadRows, "no row left: %s", badRowNumber(report.BadRows, report.BadTimes))
	}
	if err == nil && report.BadRows == 0 {
		err = r.save(part, t, report)
	}
	switch {
	case err == nil:
		r.commit(part, t, report)
	case r.cfg.AllowMismatch && errors.Is(err, ErrMismatch):
		report.Err = err
		r.commit(part, t, report)
	default:
		r.fail(part, report.Attempts, err)
	}
}

// downloadID returns the server's id of a download, "" of any other part.
func downloadID(part Part) string {
	if d := part.Info().Declared; d != nil {
		return d.ID
	}
	return ""
}

// commit adds what was counted of a part to the total.
func (r *run) commit(part int, t *accumulator, report PartReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finish(part, report)
	r.badRows[part] = t.bad.take(report.Name)
	r.add(t)
}

// finish records the report of a part that succeeded. It requires r.mu.
func (r *run) finish(part int, report PartReport) {
	r.reports[part] = report
	r.states[part].finish(report)
}

// add adds counts to the total. Nothing else does. It requires r.mu.
func (r *run) add(t *accumulator) {
	if r.overflow == nil {
		r.overflow = r.total.merge(t)
	}
}

// fail records that a part failed.
func (r *run) fail(part, attempts int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := r.parts[part].Name()
	if explain := r.parts[part].Info().Explain; explain != nil {
		err = explain(err)
	}
	r.reports[part] = PartReport{Name: name, Attempts: attempts, Err: err, Failed: true}
	r.failures[part] = &PartError{Part: name, Attempts: attempts, Err: err}
	r.states[part].fail(r.reports[part])
}

// report returns the result of a run that was not interrupted.
func (r *run) report() (*Report, error) {
	var failed partErrors
	for _, f := range r.failures {
		if f != nil {
			failed = append(failed, f)
		}
	}
	if failed != nil && !(r.cfg.AllowPartial && len(failed) < len(r.parts)) {
		return nil, failed
	}
	if r.overflow != nil {
		return nil, r.overflow
	}
	r.spare = nil // their memory is not needed any more
	report := &Report{Parts: r.reports, BadRows: slices.Concat(r.badRows...)}
	if bad, times := report.listIncomplete(); bad > r.cfg.MaxBadRows {
		return nil, classed(ErrTooManyBadRows, "%s, more than the %d allowed", badRowNumber(bad, times), r.cfg.MaxBadRows)
	}
	return r.total.finalReport(report, r.cfg.EscapeIDs && !r.cfg.RawIDs), nil
}

// borrow returns an empty accumulator; giveBack takes it back.
func (r *run) borrow() *accumulator {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.spare); n > 0 {
		t := r.spare[n-1]
		r.spare = r.spare[:n-1]
		return t
	}
	return newAccumulator(r.cfg)
}

func (r *run) giveBack(t *accumulator) {
	t.reset()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spare = append(r.spare, t)
}
