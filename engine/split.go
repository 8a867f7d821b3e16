package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"fastcount/parser"
)

// One large file is counted by several workers. It is cut into ranges, and each worker counts all ranges that it takes
// into one accumulator. Whether a cut falls inside quotes cannot be known without reading all that comes before, so each
// range but the first guesses where its first record begins. The guess is proved afterwards: reading the range
// before, whose own beginning is proved, ends exactly where this one began. An error counts only in a range whose
// beginning is proved. Where a guess was wrong, which takes text in quotes that looks like records, everything counted
// of the file is thrown away and one worker reads it in one go. So the result is always that of reading it in one go.

// minRange is the least number of bytes worth a range of its own.
const minRange = 4 << 20

// rangesPerShare is into how many parts the share of a worker in the bytes that remain is cut: ranges become smaller toward
// the end, so that no worker waits long for the last one, and their number grows only with the logarithm of the
// input's size (guided self-scheduling; Polychronopoulos and Kuck, 1987).
const rangesPerShare = 4

// chain is one part that is counted in ranges, and how far these are proved.
type splitPart struct {
	run   *run
	part  int
	file  Splitter
	cuts  []int64 // range i is from cuts[i] to cuts[i+1]
	begin sync.Once

	ctx  context.Context // of the counting of ranges
	stop func()          // ends it, when no range is of use any more

	header *parser.Header // once begin is done; nil if it cannot be had
	unread error          // why it cannot

	mu           sync.Mutex
	accumulators map[*worker]*accumulator
	results      []*rangeResult // by range, nil before it was counted
	counted      int            // ranges that are being counted now
	proved       int            // ranges whose beginning and end are certain
	at           int64          // decoded bytes before the first range that is not
	over         int64          // how far behind its beginning the first record is
	lines        int64          // line feeds up to there
	fault        error          // why no further range is to be counted
	checked      bool           // damage of the last range looked at shows as an error of its stream
	proof        Proof          // weakest of the ranges that are proved
	settled      bool

	ranger bool  // the part is a Ranger
	start  int64 // decoded bytes before its first record, that is its beginning with its header where it has one
}

// rangeResult is a counted range. Offsets are in decoded bytes from its beginning.
type rangeResult struct {
	start   int64 // of its first record; less than 0 if there is none
	end     int64 // of the record behind its last one
	limit   int64 // of the next range
	lines   int64 // line feeds from start to end
	checked bool  // see Prover
	proof   Proof
	err     error
}

// errWrongGuess is the fault of a range that did not begin where it was thought to.
var errWrongGuess = errors.New("a range does not begin where it seemed to")

// tasks cuts the work into pieces, in the order in which they are to be begun.
func (r *run) tasks(ctx context.Context) (local, remote []task) {
	remaining := r.splittableBytes()
	for i, part := range r.parts {
		if ctx.Err() != nil || r.restore(i) {
			continue
		}
		if p, ok := part.(Remote); ok && p.Remote() {
			remote = append(remote, task{part: i})
			continue
		}
		cuts := r.cut(ctx, part, remaining)
		if len(cuts) > 0 {
			remaining -= cuts[len(cuts)-1] - cuts[0]
		}
		if _, ranger := part.(Ranger); len(cuts) < 3 && !ranger {
			local = append(local, task{part: i})
			continue
		}
		c := r.newSplitPart(ctx, i, cuts)
		for n := range c.results {
			local = append(local, task{part: i, split: c, index: n})
		}
	}
	return local, remote
}

// splittableBytes returns how long all parts that can be split are together.
func (r *run) splittableBytes() (total int64) {
	for _, part := range r.parts {
		if from, to, ok := span(part); ok {
			total += to - from
		}
	}
	return total
}

// span returns which bytes of a part are to be counted, if it can be split.
func span(part Part) (from, to int64, ok bool) {
	if r, ok := part.(Ranger); ok {
		from, to = r.Range()
		return from, to, true
	}
	if s, ok := part.(Splitter); ok {
		to, ok = s.Size()
		return 0, to, ok
	}
	return 0, 0, false
}

// cut returns where the ranges of a part begin, and their end; nil if it cannot be split. remaining is the number of
// bytes from its beginning to the end of the last part that can.
func (r *run) cut(ctx context.Context, part Part, remaining int64) (cuts []int64) {
	from, to, ok := span(part)
	if !ok {
		return nil
	}
	cuts = []int64{from}
	for at := from; r.cfg.Jobs > 1 && r.cfg.MaxBadRows == 0; {
		n := r.rangeSize(remaining - (at - from))
		if to-at < n+n/2 {
			break
		}
		next, err := part.(Splitter).Cut(ctx, at+n)
		if err != nil || next >= to {
			break // reading what follows in one go will say what is wrong
		}
		cuts = append(cuts, next)
		at = next
	}
	return append(cuts, to)
}

// rangeSize returns how many bytes the next range is to have if so many remain.
func (r *run) rangeSize(remaining int64) int64 {
	if r.cfg.RangeSize > 0 {
		return r.cfg.RangeSize
	}
	return max(minRange, remaining/int64(r.cfg.Jobs*rangesPerShare))
}

func (r *run) newSplitPart(ctx context.Context, part int, cuts []int64) *splitPart {
	c := &splitPart{
		run: r, part: part, file: r.parts[part].(Splitter), cuts: cuts,
		proof: ProofRows, accumulators: make(map[*worker]*accumulator), results: make([]*rangeResult, len(cuts)-1),
	}
	_, c.ranger = c.file.(Ranger)
	c.at = cuts[0]
	c.ctx, c.stop = context.WithCancel(ctx)
	return c
}

// count counts range i. The worker that is the last to do so for the part settles what becomes of it.
func (c *splitPart) count(ctx context.Context, w *worker, i int) {
	c.begin.Do(func() { c.readHeader(ctx, w) })
	t := c.enter(w)
	if t == nil {
		return
	}
	if c.leave(i, c.countRange(w, i, t)) {
		c.settle(ctx, w)
	}
}

// readHeader finds out what all ranges must know. An error is left to the first
// range, which reads the header too if it begins with it.
func (c *splitPart) readHeader(ctx context.Context, w *worker) {
	c.state().begin(1)
	stream, err := c.file.OpenRange(ctx, 0, c.cuts[1])
	if err == nil {
		w.reader.Reset(stream, c.run.csv(c.run.parts[c.part], nil))
		err = cmp.Or(w.reader.Begin(), stream.Close())
	}
	if err != nil {
		c.unread = err
		return
	}
	c.header = w.reader.Header()
}

// enter returns the accumulator that w is to count a range into, or nil where nothing more is to be counted.
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

// countRange counts range i into t, from where its first record seems to begin.
func (c *splitPart) countRange(w *worker, i int, t *accumulator) (result *rangeResult) {
	result = new(rangeResult)
	if c.cuts[i] > 0 && c.header == nil {
		result.err = errWrongGuess
		return result
	}
	stream, err := c.file.OpenRange(c.ctx, c.cuts[i], c.cuts[i+1])
	if err != nil {
		result.err = err
		return result
	}
	g := parser.Range{Limit: stream.Limit}
	if c.cuts[i] > 0 {
		g.Header = c.header
	}
	w.src = timed{Reader: stream}
	o := c.run.csv(c.run.parts[c.part], t)
	w.reader.ResetRange(&w.src, o, g)
	if result.err = w.reader.Begin(); result.err == nil {
		result.start = w.reader.Offset()
		result.err = w.countStream(c.ctx, stream, o, t, c.state())
		result.end, result.limit, result.lines = w.reader.Offset(), stream.Limit(), w.reader.Lines()
	} else {
		result.start = -1
	}
	if c.cuts[i] == 0 {
		result.start = 0 // its header needs no guess
	}
	if p, ok := stream.(Prover); ok {
		result.checked, result.proof = p.Checked(), p.Proof()
	}
	if err := stream.Close(); result.err == nil {
		result.err = err
	}
	return result
}

// leave takes a result, proves what can be proved, and reports whether the part is to be settled by the caller.
func (c *splitPart) leave(i int, result *rangeResult) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counted--
	c.results[i] = result
	for c.fault == nil && c.proved < len(c.results) && c.results[c.proved] != nil {
		c.fault = c.prove(c.results[c.proved])
	}
	done := c.fault != nil || c.proved == len(c.results)
	if done {
		c.stop()
	}
	c.settled = c.counted == 0 && done
	return c.settled
}

// prove goes on over the first range that is not proved.
func (c *splitPart) prove(result *rangeResult) error {
	c.checked = result.checked
	if c.proved == 0 && c.cuts[0] > 0 && result.start >= 0 { // others must see whether it fits
		c.over, c.start = result.start, c.at+result.start
	}
	switch {
	case result.start != c.over:
		return errWrongGuess
	case result.err != nil:
		return moved(result.err, c.at, c.lines)
	}
	c.proof = min(c.proof, result.proof)
	c.proved++
	c.lines += result.lines
	if c.proved == len(c.results) {
		c.at += result.end
		return nil
	}
	c.at += result.limit
	c.over = result.end - result.limit
	return nil
}

// moved moves the place of a syntax error, counted from the beginning of a range, to that of the input.
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

// unproved is what can be said of a syntax error without the text before the range.
func (c *splitPart) unproved(err error) error {
	var syntax *parser.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	there := *syntax
	there.Line, there.Column = 0, 0
	return fmt.Errorf("%w, %w, which begins at byte %d", &there, ErrUnproved, c.cuts[0])
}

// settle commits the part, or fails it, or counts it in one go. Which worker's accumulator reaches a limit is chance, so
// limits are left to the last, and so is every failure but that of a CSV that is not compressed.
func (c *splitPart) settle(ctx context.Context, w *worker) {
	total, err := c.merged()
	defer c.run.giveBack(total)
	var syntax *parser.SyntaxError
	var limit *LimitError
	switch {
	case err == nil && c.fault == nil:
		c.finish(total)
	case err == nil && !c.checked && errors.As(c.fault, &syntax) && !errors.As(c.fault, &limit), c.ranger && len(c.cuts) == 2:
		c.fail(errors.Join(c.fault, err))
	case c.ranger:
		c.run.newSplitPart(ctx, c.part, []int64{c.cuts[0], c.cuts[len(c.cuts)-1]}).count(ctx, w, 0)
	default:
		w.countPart(ctx, c.part)
	}
}

// fail gives the part up.
func (c *splitPart) fail(err error) {
	switch {
	case c.cuts[0] == 0:
	case c.unread != nil:
		err = c.unread
	default:
		err = c.unproved(err)
	}
	c.run.fail(c.part, 1, err)
}

// merged returns what all workers counted, and takes their accumulators.
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
	part := c.run.parts[c.part]
	from, to := c.cuts[0], c.cuts[len(c.cuts)-1]
	total.bytes = uint64(c.at - c.start)
	report := PartReport{Name: part.Name(), Rows: total.rows, Bytes: total.bytes, RawBytes: uint64(to - from), Attempts: 1, Verified: c.proof,
		MultilineRows: total.multiline, Unterminated: total.unterminated && !c.checked}
	if c.ranger {
		size, _ := c.file.Size()
		report.Range = &Range{From: from, To: to, Start: c.start, End: c.at, Size: size}
	}
	c.run.settle(c.part, total, report, c.run.verify(part, total, &report))
}

func (c *splitPart) state() *partState { return &c.run.states[c.part] }
