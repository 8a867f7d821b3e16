package engine

import (
	"context"
	"errors"
	"sync"
)

// minRange is the least size in bytes of a range.
const minRange = 4 << 20

// rangesPerShare is the number of ranges into which the share of each worker in
// the remaining bytes is split. Ranges become smaller toward the end, so that
// no worker waits long for the last one, and their number grows only with the
// logarithm of the size of the input (guided self-scheduling; Polychronopoulos
// and Kuck, 1987).
const rangesPerShare = 4

// errUnsplittable is the failure of a part with a byte range that is not a
// Splitter, or whose size is not known.
var errUnsplittable = errors.New("byte range of a part that cannot be split")

// task is what one worker does at a time: count a whole part, or one byte range
// of it.
type task struct {
	part  int
	split *splitPart // nil for a whole part
	index int        // of the range in split
}

// crew is the workers for the local or for the remote parts of a run.
type crew struct {
	workers   int
	remaining int64  // bytes of parts that can be split and are not in tasks yet
	tasks     []task // in the order in which workers take them
}

// crews returns the workers of a run and their tasks: all parts that were not
// restored.
func (r *run) crews(ctx context.Context) (local, remote crew) {
	local, remote = crew{workers: r.cfg.Jobs}, crew{workers: r.cfg.Transfers}
	crewOf := func(part Part) *crew {
		if part.Info().Remote {
			return &remote
		}
		return &local
	}
	for i, part := range r.parts {
		if from, to, ok := span(part); ok && !r.restored(i) {
			crewOf(part).remaining += to - from
		}
	}
	for i, part := range r.parts {
		if ctx.Err() == nil && !r.restored(i) {
			r.assign(ctx, i, crewOf(part))
		}
	}
	return local, remote
}

// assign adds the tasks of a part to those of w.
func (r *run) assign(ctx context.Context, i int, w *crew) {
	part := r.parts[i]
	bounds := r.split(ctx, part, *w)
	if len(bounds) > 0 {
		w.remaining -= bounds[len(bounds)-1] - bounds[0]
	}
	ranged := part.Info().Range != nil
	switch {
	case ranged && bounds == nil:
		r.fail(i, 0, errUnsplittable)
		return
	case !ranged && len(bounds) < 3:
		w.tasks = append(w.tasks, task{part: i})
		return
	}
	c := r.newSplitPart(ctx, i, bounds)
	for n := range c.results {
		w.tasks = append(w.tasks, task{part: i, split: c, index: n})
	}
}

// span returns the byte range of a part that is to be counted, and whether the
// part can be split.
func span(part Part) (from, to int64, ok bool) {
	_, ok = part.(Splitter)
	info := part.Info()
	switch {
	case !ok || !info.SizeKnown:
		return 0, 0, false
	case info.Range != nil:
		return info.Range.From, info.Range.To, true
	}
	return 0, info.Size, true
}

// split returns where the ranges of a part begin, followed by the end of the
// last one, or nil if the part cannot be split. w.remaining is the number of
// bytes of this part and of all later ones that can be split.
func (r *run) split(ctx context.Context, part Part, w crew) (bounds []int64) {
	from, to, ok := span(part)
	if !ok {
		return nil
	}
	bounds = []int64{from}
	for at := from; w.workers > 1 && r.cfg.MaxBadRows == 0 && r.cfg.Dialect.SkipFooter == 0; {
		n := r.rangeSize(w.remaining-(at-from), w.workers)
		if to-at < n+n/2 {
			break
		}
		next, err := part.(Splitter).Boundary(ctx, at+n)
		if err != nil || next >= to {
			break // reading the rest as one range reports the error
		}
		bounds = append(bounds, next)
		at = next
	}
	return append(bounds, to)
}

// rangeSize returns the size of the next range if remaining bytes are left for
// a number of workers.
func (r *run) rangeSize(remaining int64, workers int) int64 {
	if r.cfg.RangeSize > 0 {
		return r.cfg.RangeSize
	}
	return max(minRange, remaining/int64(workers*rangesPerShare))
}

// start starts the workers of c, which take tasks in order until none is left.
func (r *run) start(ctx context.Context, workers *sync.WaitGroup, c crew) {
	queue := make(chan task, len(c.tasks))
	for _, t := range c.tasks {
		queue <- t
	}
	close(queue)
	for range min(c.workers, len(c.tasks)) {
		workers.Go(func() {
			w := newWorker(r)
			defer w.release()
			for t := range queue {
				w.do(ctx, t)
			}
		})
	}
}
