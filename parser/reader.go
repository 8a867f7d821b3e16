package parser

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"fastcount/internal/simd"
)

// Reader reads the records of one input in blocks. It is used by one goroutine at a time. Once it has seen its
// longest record it allocates nothing more, and Reset keeps its memory for the next input.
//
// The buffer holds what was read and is not yet used:
//
//	buf   used ········ | unread records, the last perhaps cut | room for more
//	                    pos                                    end       len(buf)-1
//
// Invariant: buf[pos] begins a record, an empty line, or nothing at all. The byte kept free at the end takes the
// line feed that is put behind an input whose last line has none; Slack more bytes follow in the array.
type Reader struct {
	opts    Options
	index   func(dst []uint32, b []byte, comma byte) simd.Marks
	src     io.Reader
	err     error // what the next call of Next returns
	header  *Header
	machine machine
	scratch *scratch
	block   Block

	buf      []byte
	pos, end int
	base     int64 // bytes of the input before buf[0]
	lines    int64 // line feeds of the input before buf[pos]
	limit    int64 // no record is read that begins here or later
	guess    bool  // buf[pos] lies just before the place where the first record is to be looked for
	begun    bool
	eof      bool
	padded   bool // a line feed that is not in the input stands at buf[end-1]
}

// NewReader returns a Reader of src. Options that make no sense are reported by the first call of a method that
// returns an error.
func NewReader(src io.Reader, o Options) *Reader {
	r := new(Reader)
	r.Reset(src, o)
	return r
}

// Reset makes r read another input from its beginning. It may be called at any time, also after an error or Release.
func (r *Reader) Reset(src io.Reader, o Options) {
	r.ResetRange(src, o, Range{To: math.MaxInt64})
}

// Range is a piece of an input, for readers of several pieces at once. A record belongs to the range in which its
// first byte lies.
type Range struct {
	Header *Header // of the input; nil if the range begins with it, at byte 0
	From   int64   // offset in the input at which the range begins
	To     int64   // offset at which the next one begins

	// Guess says that From is any byte. Then src must begin at byte From-1, and the reader looks for a line feed
	// behind which a record stands that it can read. That may be wrong, in text inside quotes. The guess was
	// right if and only if Offset after Begin is what Offset is after the end of the range before, and that range
	// was read rightly itself. Without Guess, src begins at From, which must be the beginning of a record.
	Guess bool
}

// ResetRange makes r read a piece of an input. Lines in errors are then counted from the beginning of the range.
func (r *Reader) ResetRange(src io.Reader, o Options, g Range) {
	err := o.Validate()
	if err != nil {
		o = Options{} // nothing will be read
	}
	o = o.withDefaults()
	kernel, _ := o.kernel() // Validate has found it
	if r.scratch == nil {
		r.scratch = scratches.Get().(*scratch)
	}
	*r = Reader{opts: o, index: kernel.Index, src: src, err: err, header: g.Header, scratch: r.scratch,
		base: g.From, limit: g.To, guess: g.Guess}
	if g.Guess {
		r.base--
	}
	r.buf = r.scratch.buffer(o.BufferSize)
	r.block.Columns = r.scratch.columnsFor(len(o.Columns))
	r.machine = machine{comma: o.Comma, maxRecord: o.MaxRecord, fields: r.scratch.fields}
}

// Release gives the memory of r back. Blocks that it returned are no longer valid; Reset makes r usable again.
func (r *Reader) Release() {
	if r.scratch == nil {
		return
	}
	r.scratch.fields = r.machine.fields
	putScratch(r.scratch)
	*r = Reader{err: fmt.Errorf("parser: the reader was released")}
}

// Header returns the header of the input, once Begin has succeeded.
func (r *Reader) Header() *Header { return r.header }

// Offset returns the number of bytes of the input before the next record: after Begin where the first record
// begins, after io.EOF where the record behind the last one would begin.
func (r *Reader) Offset() int64 {
	at := r.base + int64(r.pos)
	if r.usedPadding() {
		at--
	}
	return at
}

// Lines returns the number of line feeds from the beginning of the input, or range, to Offset.
func (r *Reader) Lines() int64 {
	if r.usedPadding() {
		return r.lines - 1
	}
	return r.lines
}

// usedPadding reports whether the line feed that is not in the input is among what was used.
func (r *Reader) usedPadding() bool { return r.padded && r.pos == r.end }

// Begin reads up to the first record: the byte order mark and the header, or to the place where a range begins.
// Next does so by itself; Begin is for those who want Header or Offset before.
func (r *Reader) Begin() error {
	if r.begun || r.err != nil {
		return r.err
	}
	r.begun = true
	r.err = r.begin()
	return r.err
}

func (r *Reader) begin() error {
	if r.header != nil {
		r.machine.keep = r.header.width
	}
	for r.end < longestMark && !r.eof {
		if err := r.fill(); err != nil {
			return err
		}
	}
	switch {
	case r.guess:
		return r.findRecord()
	case r.header == nil:
		return r.readHeader()
	}
	return nil
}

// Next returns the next block of records. The error is io.EOF after the last record, and only if the source said
// io.EOF itself; a *SyntaxError if the input is not the CSV that this package reads, after all records before that
// place were returned; or the error of the source as it was. Once Next has failed it fails again with that error.
func (r *Reader) Next() (*Block, error) {
	if err := r.Begin(); err != nil {
		return nil, err
	}
	for !r.atEnd() {
		more := r.advance()
		if r.block.Rows > 0 {
			return &r.block, nil
		}
		if more && r.err == nil {
			r.err = r.fill()
		}
		if r.err != nil {
			return nil, r.err
		}
	}
	r.err = io.EOF
	return nil, r.err
}

// Unread returns what is buffered and not yet read, from the beginning of a record on, for those who know a faster
// way along plain records. It reads more if there is no whole line. Only records that begin before data[stop] belong
// to the reader. If nothing can be had, data is empty, and Next tells why. data[:len(data)+Slack] lies within its
// capacity; it is valid until the next call of a method.
func (r *Reader) Unread() (data []byte, stop int) {
	if r.Begin() != nil || r.atEnd() {
		return nil, 0
	}
	if !r.eof && bytes.IndexByte(r.buf[r.pos:r.end], '\n') < 0 {
		if r.err = r.fill(); r.err != nil || r.atEnd() {
			return nil, 0
		}
	}
	data = r.buf[r.pos:r.end]
	return data, int(min(int64(len(data)), r.limit-r.base-int64(r.pos)))
}

// Skip goes over the first n bytes of what Unread returned, which must be so many whole records of one line each.
func (r *Reader) Skip(n, records int) { r.take(r.buf[r.pos:r.pos+n], records) }

func (r *Reader) atEnd() bool {
	return r.base+int64(r.pos) >= r.limit || r.eof && r.pos == r.end
}

// advance makes a block of the records at buf[pos], none if the first of them goes on behind what is buffered: then
// more is true. What is wrong with the record behind the block is kept in r.err for the next call of Next.
func (r *Reader) advance() (more bool) {
	data := r.buf[r.pos:r.end]
	stop := int(min(int64(len(data)), windowSize, r.limit-r.base-int64(r.pos)))
	r.block.reset()
	r.block.Offset, r.block.lines = r.base+int64(r.pos), r.lines
	used, unended := r.regular(data[:stop])
	if used > 0 {
		r.take(data[:used], r.block.Rows)
		return false
	}
	if unended && stop == len(data) {
		return true
	}
	used, at, err := r.careful(data, stop)
	if err == errMore || err == errMoreQuoted {
		if more = !r.eof; more {
			err = nil
		} else { // the input ends in a line feed, its own or ours: only a quote can hide it
			at, err = r.machine.open, ErrUnclosedQuote
		}
	}
	if err != nil {
		r.block.Data = data
		r.err = r.block.errorAt(at, err)
	}
	r.take(data[:used], bytes.Count(data[:used], []byte{'\n'}))
	return more
}

// take makes data, the bytes at buf[pos] with so many line feeds, the bytes of the block.
func (r *Reader) take(data []byte, lines int) {
	r.block.Data = data
	r.pos += len(data)
	r.lines += int64(lines)
}
