package engine

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"

	"fastcount/parser"
)

// One large plain file is counted by several workers. It is cut at any byte into ranges; a record belongs to the
// range in which its first byte lies. Whether a cut falls inside quotes cannot be known without reading all that
// comes before, so each range but the first guesses where its first record begins and is counted from there into a
// tally of its own. The guess is proved afterwards: reading the range before, whose own beginning is proved, ends
// exactly where the next record begins. Where that is not where the range began, and only there, the range is
// counted again from its true beginning, and an error counts only in a range whose beginning is proved. So the
// result is that of reading the file in one go.

// minRange is the least number of bytes worth a range of its own.
const minRange = 4 << 20

// shareParts is into how many parts the share of a worker in the bytes that remain is cut: ranges become smaller toward
// the end, so that no worker waits long for the last one, and their number, each of which has a tally to be joined, grows
// only with the logarithm of the input's size (guided self-scheduling; Polychronopoulos and Kuck, 1987).
const shareParts = 4

// chain is one part that is counted in ranges, and how far these have been joined.
type chain struct {
	run   *run
	part  int
	file  Splitter
	cuts  []int64 // range i is from cuts[i] to cuts[i+1]
	begin sync.Once

	mu      sync.Mutex
	moved   sync.Cond // joined grew, or err was set
	header  *parser.Header
	results []*rangeResult // by range; nil if not counted or already joined
	joined  int            // ranges joined
	joining bool           // a worker is at it
	at      int64          // offset of the record behind the joined ranges
	lines   int64          // line feeds up to there
	total   *tally         // what the joined ranges hold
	err     error          // why the part cannot be counted
}

// rangeResult is a counted range.
type rangeResult struct {
	tally      *tally
	start, end int64 // offsets of its first record and of the record behind its last one; -1 if not found
	lines      int64
	err        error
}

// tasks cuts the work into pieces, in the order in which they are to be begun.
func (r *run) tasks() (local, remote []task) {
	remaining := r.splittableBytes()
	for i, part := range r.parts {
		if p, ok := part.(Remote); ok && p.Remote() {
			remote = append(remote, task{part: i})
			continue
		}
		cuts := r.cut(part, remaining)
		if len(cuts) > 0 {
			remaining -= cuts[len(cuts)-1]
		}
		if len(cuts) < 3 {
			local = append(local, task{part: i})
			continue
		}
		c := r.newChain(i, cuts)
		for n := range c.results {
			local = append(local, task{part: i, chain: c, index: n})
		}
	}
	return local, remote
}

// splittableBytes returns how long all parts that can be split are together.
func (r *run) splittableBytes() (total int64) {
	for _, part := range r.parts {
		if s, ok := part.(Splitter); ok {
			if size, ok := s.Size(); ok {
				total += size
			}
		}
	}
	return total
}

// cut returns where the ranges of a part begin, and its end; nil if it cannot be split. remaining is the number of bytes
// from its beginning to the end of the last part that can.
func (r *run) cut(part Part, remaining int64) (cuts []int64) {
	file, ok := part.(Splitter)
	if !ok {
		return nil
	}
	size, ok := file.Size()
	if !ok {
		return nil
	}
	for at := int64(0); at < size; {
		cuts = append(cuts, at)
		n := r.rangeSize(remaining - at)
		if size-at < n+n/2 {
			break
		}
		at += n
	}
	return append(cuts, size)
}

// rangeSize returns how many bytes the next range is to have if so many remain.
func (r *run) rangeSize(remaining int64) int64 {
	switch {
	case r.cfg.Jobs == 1:
		return math.MaxInt64 / 2
	case r.cfg.RangeSize > 0:
		return r.cfg.RangeSize
	}
	return max(minRange, remaining/int64(r.cfg.Jobs*shareParts))
}

func (r *run) newChain(part int, cuts []int64) *chain {
	c := &chain{run: r, part: part, file: r.parts[part].(Splitter), cuts: cuts, results: make([]*rangeResult, len(cuts)-1)}
	c.moved.L = &c.mu
	return c
}

// count counts range i and joins it and those behind it as far as possible.
func (c *chain) count(ctx context.Context, w *worker, i int) {
	if !c.await(ctx, w, i) {
		return
	}
	g := parser.Range{Header: c.header, From: c.cuts[i], To: c.cuts[i+1], Guess: true}
	if i == 0 {
		g.From, g.Guess = c.at, false
	}
	c.deliver(ctx, w, i, c.countRange(ctx, w, g))
}

// await reads the header, if that was not done, and holds a worker back that is far ahead: tallies that cannot be
// joined yet take memory. The range that the others wait for is never held back. It returns false if the part
// has failed.
func (c *chain) await(ctx context.Context, w *worker, i int) bool {
	c.begin.Do(func() { c.readHeader(ctx, w) })
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && i > c.joined+2*c.run.cfg.Jobs {
		c.moved.Wait()
	}
	return c.err == nil
}

// readHeader finds out what all ranges must know.
func (c *chain) readHeader(ctx context.Context, w *worker) {
	c.state().begin(1)
	c.total = c.run.borrow()
	stream, err := c.file.OpenAt(ctx, 0)
	if err == nil {
		w.reader.Reset(stream, c.run.cfg.CSV)
		err = errors.Join(w.reader.Begin(), stream.Close())
		c.header, c.at, c.lines = w.reader.Header(), w.reader.Offset(), w.reader.Lines()
	}
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.fail(err)
	}
}

// countRange counts one range from where g says, or guesses, that it begins.
func (c *chain) countRange(ctx context.Context, w *worker, g parser.Range) *rangeResult {
	result := &rangeResult{tally: c.run.borrow(), start: -1, end: -1}
	from := g.From
	if g.Guess {
		from--
	}
	stream, err := c.file.OpenAt(ctx, from)
	if err != nil {
		result.err = err
		return result
	}
	w.reader.ResetRange(stream, c.run.cfg.CSV, g)
	if result.err = w.reader.Begin(); result.err == nil {
		result.start = w.reader.Offset()
		// The stream alone: what it says of itself is true of a whole part only.
		result.err = w.countStream(ctx, struct{ io.Reader }{stream}, result.tally, c.state())
		result.end, result.lines = w.reader.Offset(), w.reader.Lines()
	}
	if err := stream.Close(); result.err == nil {
		result.err = err
	}
	return result
}

// deliver hands in a result and joins what can be joined. One worker at a time does so; it also counts again what
// was guessed wrongly, while the others go on with later ranges.
func (c *chain) deliver(ctx context.Context, w *worker, i int, result *rangeResult) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results[i] = result
	if c.joining {
		return
	}
	c.joining = true
	for c.err == nil && c.joined < len(c.results) && c.results[c.joined] != nil {
		result := c.results[c.joined]
		c.results[c.joined] = nil
		c.mu.Unlock()
		err := c.join(ctx, w, result)
		c.mu.Lock()
		if err != nil {
			c.fail(err)
		} else if c.joined++; c.joined == len(c.results) {
			c.finish()
		}
		c.moved.Broadcast()
	}
	c.joining = false
}

// join adds the result of the next range to the total, after proving where it begins.
func (c *chain) join(ctx context.Context, w *worker, result *rangeResult) error {
	if result.start != c.at {
		c.state().takeBack(result.tally)
		c.run.giveBack(result.tally)
		result = c.countRange(ctx, w, parser.Range{Header: c.header, From: c.at, To: c.cuts[c.joined+1]})
	}
	defer c.run.giveBack(result.tally)
	if result.err != nil {
		return fromLine(c.lines, result.err)
	}
	c.at = result.end
	c.lines += result.lines
	return c.total.merge(result.tally)
}

// fromLine moves the line of a syntax error, counted from the beginning of a range, to that of the input.
func fromLine(before int64, err error) error {
	var syntax *parser.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	moved := *syntax
	moved.Line += before
	return &moved
}

// fail gives the part up. c.mu is held.
func (c *chain) fail(err error) {
	c.err = err
	c.run.giveBack(c.total)
	c.run.fail(c.part, 1, err)
}

// finish commits the part, all of whose ranges are joined. c.mu is held.
func (c *chain) finish() {
	part := c.run.parts[c.part]
	if err := verify(part, c.total); err != nil {
		c.fail(err)
		return
	}
	c.total.bytes = uint64(c.at)
	c.run.commit(c.part, c.total, PartReport{
		Name: part.Name(), Rows: c.total.rows, Bytes: c.total.bytes, RawBytes: c.total.bytes, Attempts: 1,
	})
	c.run.giveBack(c.total)
}

func (c *chain) state() *partState { return &c.run.states[c.part] }
