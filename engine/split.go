package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"fastcount/parser"
)

// Several workers count the byte ranges of one large file, each into one
// accumulator for all ranges that it takes. Whether a range begins within
// quotes cannot be determined without reading everything before it, so each
// range but the first starts at a guess of where its first record begins. The
// guess is proved later: it is correct if the range before it, which itself
// begins at a proved place, ends exactly there. Errors count only in ranges
// whose start is proved. If a guess was wrong, which requires quoted text that
// resembles records, the counts of all ranges are discarded and one worker
// reads the file from its beginning. The result is therefore always that of
// reading the file from its beginning.

// splitPart is a part that is counted in byte ranges.
type splitPart struct {
	run    *run
	part   int
	file   Splitter
	bounds []int64 // range i is from bounds[i] to bounds[i+1]
	within *Range  // PartInfo.Range of the part

	ctx  context.Context // canceled when no further range is needed
	stop func()          // cancels ctx

	begin  chan bool      // holds true until a worker reads the header; closed after that
	header *parser.Header // nil if it cannot be read
	unread error          // why it cannot be read

	mu           sync.Mutex // guards the fields up to settled
	accumulators map[*worker]*accumulator
	counted      int            // ranges that are being counted now
	results      []*rangeResult // by range, nil before it was counted
	proved       provedRanges
	fault        error // why no further range is to be counted
	settled      bool
}

// provedRanges are the first n ranges of a part: those whose beginning and end
// are certain. Offsets are in decoded bytes.
type provedRanges struct {
	n       int
	start   int64 // before the first record of the part, or before its header
	at      int64 // before the next range
	over    int64 // from there to the first record
	lines   int64 // line feeds before at+over
	proof   Proof // weakest of the ranges
	mapped  int64 // see StreamInfo
	retries int   // see StreamInfo
	checked bool  // see StreamInfo; of the last range that was examined
}

// rangeResult is the result of counting a range. Offsets are in decoded bytes
// from its start.
type rangeResult struct {
	start int64      // of its first record; negative without one
	end   int64      // of its last record
	lines int64      // line feeds from start to end
	info  StreamInfo // at the end
	err   error
}

// errWrongGuess is the error of a range whose first record does not begin where
// it was guessed to begin.
var errWrongGuess = errors.New("a range does not begin where it seemed to")

// newSplitPart returns a part that is counted in the ranges between bounds.
func (r *run) newSplitPart(ctx context.Context, part int, bounds []int64) *splitPart {
	c := &splitPart{
		run: r, part: part, file: r.parts[part].(Splitter), bounds: bounds, begin: make(chan bool, 1),
		accumulators: make(map[*worker]*accumulator), results: make([]*rangeResult, len(bounds)-1),
		proved: provedRanges{at: bounds[0], proof: ProofRows}, within: r.parts[part].Info().Range,
	}
	c.begin <- true
	c.ctx, c.stop = context.WithCancel(ctx)
	return c
}

// count counts range i. The worker that finishes the last range settles the
// part.
func (c *splitPart) count(ctx context.Context, w *worker, i int) {
	// This is not a sync.Once, because time does not pass in a bubble of
	// synctest while a goroutine waits for a mutex.
	if <-c.begin {
		c.readHeader(ctx, w)
		close(c.begin)
	}
	t := c.enter(w)
	if t == nil {
		return
	}
	if c.leave(i, c.countRange(w, i, t)) {
		c.settle(ctx, w)
	}
}

// readHeader reads the header, which all ranges need. It leaves an error to the
// first range, which reads the header too if it begins at byte 0.
func (c *splitPart) readHeader(ctx context.Context, w *worker) {
	c.state().begin(1)
	stream, err := c.open(ctx, 0, c.bounds[1])
	if err == nil {
		w.reader.Reset(stream, c.run.csv(c.run.parts[c.part], nil))
		err = cmp.Or(guard(stream, w.reader.Begin), stream.Close())
	}
	if err != nil {
		c.unread = err
		return
	}
	c.header = w.reader.Header()
}

// open opens a range.
func (c *splitPart) open(ctx context.Context, from, to int64) (infoStream, error) {
	stream, err := c.file.OpenRange(ctx, from, to)
	if err != nil {
		return nil, err
	}
	s, ok := stream.(infoStream)
	if !ok {
		return nil, errors.Join(errors.New("stream of a byte range without information"), stream.Close())
	}
	return s, nil
}

// enter returns the accumulator that w is to use for a range, or nil if no
// further range is to be counted.
func (c *splitPart) enter(w *worker) *accumulator {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault != nil || c.settled {
		return nil
	}
	if c.accumulators[w] == nil {
		c.accumulators[w] = c.run.borrow()
	}
	c.counted++
	return c.accumulators[w]
}

// countRange counts range i into t, from the guessed start of its first record.
func (c *splitPart) countRange(w *worker, i int, t *accumulator) (result *rangeResult) {
	result = new(rangeResult)
	if c.bounds[i] > 0 && c.header == nil {
		result.err = errWrongGuess
		return result
	}
	stream, err := c.open(c.ctx, c.bounds[i], c.bounds[i+1])
	if err != nil {
		result.err = err
		return result
	}
	g := parser.Range{Limit: func() int64 { return stream.Info().Limit }}
	if c.bounds[i] > 0 {
		g.Header = c.header
	}
	w.src = timed{Reader: stream}
	o := c.run.csv(c.run.parts[c.part], t)
	w.reader.ResetRange(&w.src, o, g)
	if result.err = guard(stream, w.reader.Begin); result.err == nil {
		result.start = w.reader.Offset()
		result.err = guard(stream, func() error { return w.countStream(c.ctx, stream, o, t, c.state()) })
		result.end, result.lines = w.reader.Offset(), w.reader.Lines()
	} else {
		result.start = -1
	}
	if c.bounds[i] == 0 {
		result.start = 0 // it begins with the header
	}
	result.info = stream.Info()
	result.err = closed(stream, result.err)
	return result
}

// leave stores a result, proves all ranges that can be proved, and reports
// whether the caller is to settle the part.
func (c *splitPart) leave(i int, result *rangeResult) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counted--
	c.results[i] = result
	for c.fault == nil && c.proved.n < len(c.results) && c.results[c.proved.n] != nil {
		c.fault = c.prove(c.results[c.proved.n])
	}
	if c.fault == nil && c.isBroken(result.err) {
		c.fault = result.err
	}
	done := c.fault != nil || c.proved.n == len(c.results)
	if done {
		c.stop()
	}
	c.settled = c.counted == 0 && done
	return c.settled
}

// prove proves the first range that is not proved yet, or returns why it
// cannot.
func (c *splitPart) prove(result *rangeResult) error {
	p := &c.proved
	p.checked = result.info.Checked
	first := p.n == 0 && c.bounds[0] > 0
	if first && result.start >= 0 { // merging verifies that the ranges fit
		p.over, p.start = result.start, p.at+result.start
	}
	switch {
	case result.err != nil && first && result.start < 0, c.isBroken(result.err): // no guess was wrong
		return moved(result.err, p.at, p.lines)
	case result.start != p.over:
		return errWrongGuess
	case result.err != nil:
		return moved(result.err, p.at, p.lines)
	}
	p.add(result, p.n+1 == len(c.results))
	return nil
}

// add adds the next range, which begins where the one before it ends.
func (p *provedRanges) add(result *rangeResult, last bool) {
	p.n++
	p.proof = min(p.proof, result.info.Proof)
	p.mapped += result.info.Mapped
	p.retries += result.info.Retries
	p.lines += result.lines
	if last {
		p.at += result.end
		return
	}
	p.at += result.info.Limit
	p.over = result.end - result.info.Limit
}

// isBroken reports whether err is that of a remote part whose ranges cannot all
// be read. Reading the part in one stream, which is still possible if a server
// allows only few connections, need not wait for the ranges before.
func (c *splitPart) isBroken(err error) bool {
	var syntax *parser.SyntaxError
	return err != nil && c.run.parts[c.part].Info().Remote && !errors.Is(err, errWrongGuess) && !errors.Is(err, ErrLimit) && !errors.As(err, &syntax)
}

// moved converts the position of a syntax error from one within a range to one
// within the input.
func moved(err error, offset, lines int64) error {
	var syntax *parser.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	there := *syntax
	there.Offset += offset
	there.Line += lines
	return &there
}

// unproved returns a syntax error without line and column, which depend on the
// text before the range.
func (c *splitPart) unproved(err error) error {
	var syntax *parser.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	there := *syntax
	there.Line, there.Column = 0, 0
	return fmt.Errorf("%w, %w, which begins at byte %d", &there, ErrUnproved, c.bounds[0])
}

// settle commits the part, fails it, or counts it again from its beginning.
// Which worker reaches a limit is a matter of chance, so errors about limits
// are left to counting from the beginning, and so is every error except a
// syntax error in a file that is not compressed.
func (c *splitPart) settle(ctx context.Context, w *worker) {
	total, err := c.merged()
	defer c.run.giveBack(total)
	var syntax *parser.SyntaxError
	switch {
	case err == nil && c.fault == nil:
		c.finish(total)
	case err == nil && !c.proved.checked && errors.As(c.fault, &syntax) && !errors.Is(c.fault, ErrLimit), c.within != nil && len(c.bounds) == 2:
		c.fail(errors.Join(c.fault, err))
	case c.within != nil:
		c.reportAgain(ctx)
		c.run.newSplitPart(ctx, c.part, []int64{c.bounds[0], c.bounds[len(c.bounds)-1]}).count(ctx, w, 0)
	default:
		c.reportAgain(ctx)
		w.countPart(ctx, c.part)
	}
}

// reportAgain reports that the part is read again because of its transport.
func (c *splitPart) reportAgain(ctx context.Context) {
	if ctx.Err() == nil && c.isBroken(c.fault) {
		c.run.retrying(c.run.parts[c.part], 1, c.fault, 0)
	}
}

// fail records that the part failed.
func (c *splitPart) fail(err error) {
	switch {
	case c.bounds[0] == 0:
	case c.unread != nil:
		err = c.unread
	default:
		err = c.unproved(err)
	}
	c.run.fail(c.part, 1, err)
}

// merged returns the sum of the accumulators of all workers.
func (c *splitPart) merged() (total *accumulator, err error) {
	for _, t := range c.accumulators {
		if total == nil {
			total = t
			continue
		}
		if err == nil {
			err = total.merge(t)
		}
		c.run.giveBack(t)
	}
	c.accumulators = nil
	return total, err
}

// finish commits the part, all of whose ranges are proved.
func (c *splitPart) finish(total *accumulator) {
	part, p := c.run.parts[c.part], c.proved
	from, to := c.bounds[0], c.bounds[len(c.bounds)-1]
	total.bytes = uint64(p.at - p.start)
	report := PartReport{Name: part.Name(), Rows: total.rows, Bytes: total.bytes, RawBytes: uint64(to - from), Mapped: p.mapped > (to-from)/2,
		Attempts: 1 + p.retries, Verified: p.proof, Stats: total.stats, Unterminated: total.unterminated && !p.checked}
	if c.within != nil {
		report.Range = &Range{From: from, To: to, Start: p.start, End: p.at, Size: part.Info().Size}
	}
	c.run.settle(c.part, total, report, c.run.verify(part, total, &report))
}

func (c *splitPart) state() *partState { return &c.run.states[c.part] }
