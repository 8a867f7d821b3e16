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
	cfg     Config
	index   func(dst []uint32, b []byte, comma byte) simd.Marks
	src     io.Reader
	err     error // what the next call of Next returns
	header  *Header
	records recordParser
	scratch *scratch
	block   Block

	buf        []byte
	pos, end   int
	base       int64        // bytes of the input before buf[0]
	lines      int64        // line feeds of the input before buf[pos]
	limitFunc  func() int64 // Range.Limit
	multiline  int64        // records that span lines
	limit      int64        // no record is read that begins here or later
	guess      bool         // the first record is to be looked for
	fastBlocks int          // blocks that needed no record parser
	slowBlocks int
	begun      bool
	eof        bool
	padded     bool // a line feed that is not in the input stands at buf[end-1]
}

// NewReader returns a Reader of src. Options that make no sense are reported by the first call of a method that
// returns an error.
func NewReader(src io.Reader, cfg Config) *Reader {
	r := new(Reader)
	r.Reset(src, cfg)
	return r
}

// Reset makes r read another input from its beginning. It may be called at any time, also after an error or Release.
func (r *Reader) Reset(src io.Reader, cfg Config) { r.ResetRange(src, cfg, Range{}) }

// Range is a piece of an input, for readers of several pieces at once. The source of its reader begins at any byte of
// the input and goes on to the input's end. A record belongs to the range in which the byte before it lies, and to the
// first one if there is none.
type Range struct {
	// Header is that of the input, or nil for the first range, which begins with it. The reader of another one looks
	// for a line feed behind which a record stands that it can read, so that it begins, as a guess, with the first
	// record of the range. That may be wrong, in text inside quotes. The guess was right if and only if Offset after
	// Begin is as far behind the beginning of this range as Offset is behind it at the end of the range before, and
	// that range was read rightly itself.
	Header *Header

	// Limit returns the offset in the source at which the next range begins, or math.MaxInt64 while that is not
	// known: it must be known once the byte at that offset was read. nil means that there is no next range.
	Limit func() int64
}

// ResetRange makes r read a piece of an input. Offsets count from the beginning of the range then, lines from its first
// record.
func (r *Reader) ResetRange(src io.Reader, cfg Config, g Range) {
	err := cfg.Validate()
	if err != nil {
		cfg = Config{} // nothing will be read
	}
	cfg = cfg.withDefaults()
	if r.scratch == nil {
		r.scratch = scratches.Get().(*scratch)
	}
	*r = Reader{cfg: cfg, index: simd.Current().Index, src: src, err: err, header: g.Header, scratch: r.scratch,
		limitFunc: g.Limit, limit: math.MaxInt64, guess: g.Header != nil}
	r.buf = r.scratch.buffer(cfg.BufferSize)
	r.block.Columns = r.scratch.columnsFor(len(cfg.Columns))
	r.records = recordParser{delimiter: cfg.Dialect.Delimiter, maxRecord: cfg.Limits.MaxRecord, maxLines: cfg.Limits.MaxRecordLines, fields: r.scratch.fields}
}

// Release gives the memory of r back. Blocks that it returned are no longer valid; Reset makes r usable again.
func (r *Reader) Release() {
	if r.scratch == nil {
		return
	}
	r.scratch.fields = r.records.fields
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

// MultilineRecords returns how many of the records read so far span lines,
// those that Config.Reject left out included.
func (r *Reader) MultilineRecords() int64 { return r.multiline }

// Unterminated reports whether the input ends with a record, or a header, that no
// line feed follows, and r has read it. A text that was cut in a line ends so.
func (r *Reader) Unterminated() bool { return r.usedPadding() }

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
	for r.end < maxMarkLen && !r.eof {
		if err := r.fill(); err != nil {
			return err
		}
	}
	if r.guess {
		r.records.keep = r.header.width
		return r.findRecord()
	}
	return r.readHeader()
}

// Next returns the next block of records. The error is io.EOF after the last record, and only if the source said
// io.EOF itself; a *SyntaxError if the input is not the CSV that this package reads, after all records before that
// place were returned; or the error of the source as it was. Once Next has failed it fails again with that error.
func (r *Reader) Next() (*Block, error) {
	if err := r.Begin(); err != nil {
		return nil, err
	}
	for !r.atEnd() {
		more := r.parse()
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

// Peek returns the buffered bytes that follow the current offset without
// advancing the reader. They begin with a record and hold at least one line
// feed, unless the input ends first. Records that begin at data[stop] or later
// belong to the next [Range].
//
// If Peek returns no data, it returns an error that explains why: the error
// that [Reader.Next] would return. data[:len(data)+Slack] lies within the
// capacity of data, and is valid until the next call of a method.
func (r *Reader) Peek() (data []byte, stop int, err error) {
	if err := r.Begin(); err != nil {
		return nil, 0, err
	}
	if !r.atEnd() && !r.eof && bytes.IndexByte(r.buf[r.pos:r.end], '\n') < 0 {
		if r.err = r.fill(); r.err != nil {
			return nil, 0, r.err
		}
	}
	if r.atEnd() {
		r.err = io.EOF
		return nil, 0, r.err
	}
	data = r.buf[r.pos:r.end]
	return data, int(min(int64(len(data)), r.limit-r.base-int64(r.pos))), nil
}

// Discard skips the next n bytes, which must be among those that the preceding
// call of [Reader.Peek] returned and consist of the given number of records,
// each in a line of its own.
func (r *Reader) Discard(n, records int) { r.consume(r.buf[r.pos:r.end:r.end][:n], records) }

func (r *Reader) atEnd() bool {
	return r.base+int64(r.pos) >= r.limit || r.eof && r.pos == r.end
}

// advance makes a block of the records at buf[pos], none if the first of them goes on behind what is buffered: then
// more is true. What is wrong with the record behind the block is kept in r.err for the next call of Next.
func (r *Reader) parse() (more bool) {
	data := r.buf[r.pos:r.end]
	stop := int(min(int64(len(data)), windowSize, r.limit-r.base-int64(r.pos)))
	r.block.reset()
	r.block.Offset, r.block.lines = r.base+int64(r.pos), r.lines
	used, unended := r.parseBlock(data[:stop])
	if used > 0 {
		r.fastBlocks++
		r.consume(data[:used], r.block.Rows)
		return false
	}
	if unended && stop == len(data) {
		return true
	}
	r.slowBlocks++
	used, at, err := r.parseRecords(data, stop)
	if err == errIncomplete || err == errIncompleteQuoted {
		if more = !r.eof; more {
			err = nil
		} else { // the input ends in a line feed, its own or ours: only a quote can hide it
			at, err = r.records.open, ErrUnclosedQuote
		}
	}
	if err != nil {
		r.block.Data = data
		r.err = r.block.errorAt(at, err)
	}
	r.consume(data[:used], bytes.Count(data[:used], []byte{'\n'}))
	return more
}

// take makes data, the bytes at buf[pos] with so many line feeds, the bytes of the block.
func (r *Reader) consume(data []byte, lines int) {
	r.block.Data = data
	r.pos += len(data)
	r.lines += int64(lines)
}
