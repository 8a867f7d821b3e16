package engine

import (
	"context"
	"errors"
	"io"
	"time"

	"fastcount/parser"
)

// worker performs tasks one after another, in one goroutine.
type worker struct {
	run    *run
	reader *parser.Reader
	src    timed // what reader reads
	stages stages
}

func newWorker(r *run) *worker {
	return &worker{run: r, reader: parser.NewReader(nil, r.cfg.csv())}
}

// release releases the buffers of w and records how it spent its time.
func (w *worker) release() {
	w.reader.Release()
	w.run.cfg.Progress.spent(w.stages)
}

func (w *worker) do(ctx context.Context, t task) {
	if t.split != nil {
		t.split.count(ctx, w, t.index)
		return
	}
	w.countPart(ctx, t.part)
}

// countPart attempts a part until an attempt succeeds or the part is not to be
// tried again.
func (w *worker) countPart(ctx context.Context, index int) {
	if ctx.Err() != nil {
		return
	}
	for attempt := 1; ; attempt++ {
		wait, again := w.try(ctx, index, attempt)
		if !again {
			return
		}
		w.run.states[index].set(pausing)
		if !sleep(ctx, wait) {
			return
		}
	}
}

// try makes one attempt, with an accumulator of its own. It commits the part or
// records its failure, unless the part is to be tried again after a pause.
func (w *worker) try(ctx context.Context, index, attempt int) (wait time.Duration, again bool) {
	part, state := w.run.parts[index], &w.run.states[index]
	state.begin(attempt)
	t := w.run.borrow()
	defer w.run.giveBack(t)
	report, err := w.attempt(ctx, part, t, state)
	if err != nil {
		if wait, again = retry(ctx, part, attempt, err); again {
			w.run.retrying(part, attempt, err, wait)
			return wait, true
		}
	}
	report.Attempts += attempt
	w.run.settle(index, t, report, err)
	return 0, false
}

// retry reports whether to try the part again, and how long to wait before.
func retry(ctx context.Context, part Part, attempt int, err error) (time.Duration, bool) {
	r, ok := part.(Retrier)
	if !ok || ctx.Err() != nil {
		return 0, false
	}
	return r.Retry(attempt, err)
}

// retrying reports that an attempt failed and is followed by another.
func (r *run) retrying(part Part, attempt int, err error, wait time.Duration) {
	if r.cfg.Retrying != nil {
		r.cfg.Retrying(part.Name(), attempt, err, wait)
	}
}

// sleep waits for d, and reports whether ctx was not done before that.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// attempt reads a part once, from its beginning to its proved end, and verifies
// what it counted.
func (w *worker) attempt(ctx context.Context, part Part, t *accumulator, state *partState) (PartReport, error) {
	stream, err := part.Open(ctx)
	if err != nil {
		return PartReport{}, err
	}
	w.src = timed{Reader: stream}
	o := w.run.csv(part, t)
	w.reader.Reset(&w.src, o)
	err = guard(stream, func() error { return w.countStream(ctx, stream, o, t, state) })
	if err != nil {
		err = outranked(stream, err)
	}
	report := w.run.reportOf(part, stream, t)
	if err = closed(stream, err); err != nil {
		return report, err
	}
	return report, w.run.verify(part, t, &report)
}

// csv returns the configuration of the parser for a part, and prepares t, into
// which the part is counted, for what that adds to the key columns. t is nil if
// only the header is read.
func (r *run) csv(part Part, t *accumulator) parser.Config {
	c := r.cfg.ParserConfig(part)
	if w := r.window(part); w != nil {
		c.Columns = append(c.Columns, timeColumn)
		if c.Buckets != nil {
			c.Buckets = append(c.Buckets, "")
		}
		if t != nil {
			t.window = w
		}
	}
	if r.cfg.MaxBadRows > 0 {
		c.Reject = func(err *parser.SyntaxError, record []byte) error {
			return t.bad.add(err, record, r.cfg)
		}
	}
	return c
}

// countStream counts the remaining records of the worker's reader: with the
// fused path as far as that goes, and where it stops with one block of the
// parser.
func (w *worker) countStream(ctx context.Context, stream io.Reader, c parser.Config, t *accumulator, state *partState) error {
	defer func() {
		t.stats.Add(w.reader.Stats())
		t.unterminated = t.unterminated || w.reader.Unterminated()
		wait, decode := w.src.split()
		w.stages.add(stages{wait: wait, decode: decode})
	}()
	from := w.reader.Offset()
	if err := w.reader.Begin(); err == io.EOF { // an empty input
		return nil
	} else if err != nil {
		return err
	}
	t.prepare(w.reader.Header(), c)
	rawFrom := int64(0)
	for {
		before := t.rows
		err := w.countSome(t)
		at := w.reader.Offset()
		raw := infoOf(stream, at).RawBytes
		t.bytes += uint64(at - from)
		state.read(uint64(at-from), t.rows-before, uint64(raw-rawFrom))
		from, rawFrom = at, raw
		switch {
		case err == io.EOF:
			return t.checkGroups()
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
	}
}

// countSome counts some records. The error is that of the reader or of the
// accumulator.
func (w *worker) countSome(t *accumulator) error {
	begin, read := time.Now(), w.src.reading
	data, stop, err := w.reader.Peek()
	parsed := time.Now()
	used, rows := t.countFused(data, stop)
	counted := time.Now()
	w.stages.count += counted.Sub(parsed)
	w.stages.parse += parsed.Sub(begin) - (w.src.reading - read)
	if err != nil {
		return err
	}
	if w.reader.Discard(used, rows); used > 0 {
		return nil
	}
	begin, read = counted, w.src.reading
	block, err := w.reader.Next()
	parsed = time.Now()
	w.stages.parse += parsed.Sub(begin) - (w.src.reading - read)
	if err != nil {
		return err
	}
	err = t.add(block)
	w.stages.count += time.Since(parsed)
	return err
}

// Limits of drain.
const (
	drainLimit = 256 << 20 // bytes
	drainTime  = 2 * time.Second
)

// outranked returns the error that a failed attempt is to be judged by. If
// damage shows as an error of the stream, bad content may come from a bad
// transport: the rest is read to see whether it fails, because that can be
// mended by trying again and is the true reason.
func outranked(stream io.Reader, err error) error {
	var syntax *parser.SyntaxError
	if !infoOf(stream, 0).Checked || !errors.As(err, &syntax) {
		return err
	}
	if drainErr := drain(stream); drainErr != nil {
		return drainErr
	}
	return err
}

// drain reads the rest of a stream, within limits, and returns its error.
func drain(stream io.Reader) error {
	buf := make([]byte, 64<<10)
	begin := time.Now()
	for left := drainLimit; left > 0 && time.Since(begin) < drainTime; {
		n, err := stream.Read(buf)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// reportOf returns the report of a part whose stream is still open.
func (r *run) reportOf(part Part, stream io.Reader, t *accumulator) PartReport {
	info := infoOf(stream, int64(t.bytes))
	return PartReport{
		Name: part.Name(), Attempts: info.Retries, Rows: t.rows, Bytes: t.bytes, RawBytes: uint64(info.RawBytes),
		BadRows: t.bad.rows, BadTimes: t.bad.times, Stats: t.stats,
		Mapped: info.Mapped > info.RawBytes/2, Verified: info.Proof, Unterminated: t.unterminated && !info.Checked,
	}
}
