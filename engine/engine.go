// Package engine counts the events of each patient in the parts of an export.
//
// Run takes Parts, each a name and a way to open a stream of CSV, and returns a Report. Parts for files, URLs and the
// downloads of an export come from package sources; a type of your own needs no more than Name and Open. What else a
// part can do, it says by the optional interfaces: Declarer, where a server says what it must hold; Retrier, where a
// failed attempt may be repeated; Splitter, where it can be read from several places at once; and so on.
//
// Bytes flow one way: a part is opened, package parser makes blocks of whole records of its stream, and the ids of
// each block are counted. That is done by one goroutine for each part, into a table of its own, which joins the total
// only after the stream ended well and every check passed: a failed attempt leaves no trace. One large plain file is
// cut into ranges that are counted like parts.
package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Run counts all parts and returns the report. Every part is tried to its end, whatever becomes of the others, so
// that the answer is the same in every run: the report if all succeeded; PartErrors that lists every part that
// failed; a *LimitError if all succeeded but together hold more than Config.Limits allow; or the cause of ctx's
// end, soon after it ended. No goroutine is left behind.
func Run(ctx context.Context, parts []Part, cfg Config) (*Report, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	r := newRun(parts, cfg)
	local, remote := r.tasks(ctx)
	var workers sync.WaitGroup
	r.start(ctx, &workers, local, cfg.Jobs)
	r.start(ctx, &workers, remote, cfg.Transfers)
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
	overflow error          // why the total can take no more
	reports  []PartReport   // by part
	failures []*PartError   // by part, nil where it did not fail
	badRows  [][]BadRow     // by part
	spare    []*accumulator // accumulators without an owner
}

// task is a piece of work for one worker: a whole part, or one range of one.
type task struct {
	part  int
	split *splitPart // nil for a whole part
	index int        // of the range in chain
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

// start lets up to n workers take tasks, in order, until none is left.
func (r *run) start(ctx context.Context, workers *sync.WaitGroup, tasks []task, n int) {
	queue := make(chan task, len(tasks))
	for _, t := range tasks {
		queue <- t
	}
	close(queue)
	for range min(n, len(tasks)) {
		workers.Go(func() {
			w := newWorker(r)
			defer w.release()
			for t := range queue {
				w.do(ctx, t)
			}
		})
	}
}

// settle commits a part that was counted, or notes that it failed with err. A part that is not what was declared may be
// let pass. Only what lacks nothing is kept, so that no later run is taken for complete by mistake.
func (r *run) settle(part int, t *accumulator, report PartReport, err error) {
	var mismatch *MismatchError
	report.Download = downloadID(r.parts[part])
	if err == nil && report.BadRows > 0 && report.Rows == 0 {
		err = &BadRowsError{All: true, Rows: report.BadRows}
	}
	if err == nil && report.BadRows == 0 {
		err = r.save(part, t, report)
	}
	switch {
	case err == nil:
		r.commit(part, t, report)
	case r.cfg.Verify == VerifyWarn && errors.As(err, &mismatch):
		report.Err = err
		r.commit(part, t, report)
	default:
		r.fail(part, report.Attempts, err)
	}
}

// downloadID returns the server's id of a download, "" of any other part.
func downloadID(part Part) string {
	if d, ok := part.(Declarer); ok {
		return d.Declared().ID
	}
	return ""
}

// commit joins what was counted of a part to the total. This is the only way into it.
func (r *run) commit(part int, t *accumulator, report PartReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports[part] = report
	r.states[part].finish(report)
	r.badRows[part] = t.bad.take(report.Name)
	if r.overflow == nil {
		r.overflow = r.total.merge(t)
	}
}

// fail notes that a part was given up.
func (r *run) fail(part, attempts int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := r.parts[part].Name()
	r.reports[part] = PartReport{Name: name, Attempts: attempts, Err: err, Failed: true}
	r.failures[part] = &PartError{Part: name, Attempts: attempts, Err: err}
	r.states[part].set(Failed)
}

// report returns the outcome of a run that was not cut short.
func (r *run) report() (*Report, error) {
	var failed PartErrors
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
	report := &Report{Parts: r.reports, BadRows: slices.Concat(r.badRows...)}
	if bad := report.listMissing(); bad > r.cfg.MaxBadRows {
		return nil, &BadRowsError{Rows: bad, Limit: r.cfg.MaxBadRows}
	}
	return r.total.finalReport(report, r.cfg.EscapeIDs && !r.cfg.RawIDs), nil
}

// borrow returns an empty accumulator; giveBack takes it again.
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
