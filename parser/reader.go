package parser

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"

	"fastcount/internal/isotime"
	"fastcount/internal/simd"
)

// A Reader reads the records of an input in blocks. It must not be used by
// several goroutines at the same time. Once its memory suffices for the longest
// record, it does not allocate, and Reset keeps that memory.
type Reader struct {
	cfg     Config
	index   func(dst []uint32, b []byte, delimiter byte) simd.Marks // the kernel
	src     io.Reader
	windows Windower // src, if it is one
	err     error    // result of the next call of Next
	header  *Header
	records recordParser
	scratch *scratch
	block   Block

	// The buffer contains the bytes that have been read:
	//
	//	consumed | records, the last one possibly incomplete | free
	//	         pos                                         end    len(own)-1
	//
	// At pos begins a record or an empty line, unless pos is end. The buffer is
	// own or a window of the source. The last byte of own is reserved for the
	// line feed that terminates the last line of the input if it has none.
	// Slack more bytes follow in the array. A window ends at end and is not
	// modified.
	buf, own   []byte
	pos, end   int
	base       int64          // number of bytes of the input before buf[0]
	lines      int64          // number of line feeds of the input before buf[pos]
	limitFunc  func() int64   // Range.Limit, until it is known
	limit      int64          // offset from which records belong to the next range or to the footer
	footer     *footer        // nil if no records at the end are skipped
	units      []isotime.Unit // of Config.Buckets; nil if no column has one
	blocks     bool           // the block parser can be used
	excluded   string         // bytes that the block parser cannot read, except '"'
	stats      Stats
	guess      bool // the first record must be found: see Range
	fastBlocks int  // number of blocks made by the block parser
	slowBlocks int  // number of blocks made by the record parser
	begun      bool
	eof        bool
	padded     bool // buf[end-1] is a line feed that is not in the input
}

// NewReader returns a new Reader that reads from src. If cfg is not valid,
// [Reader.Begin], Peek and Next return the error of [Config.Validate].
func NewReader(src io.Reader, cfg Config) *Reader {
	r := new(Reader)
	r.Reset(src, cfg)
	return r
}

// Reset discards the state of r and makes it read from src, from the beginning
// of an input. It may be called at any time, including after an error or
// [Reader.Release].
func (r *Reader) Reset(src io.Reader, cfg Config) { r.ResetRange(src, cfg, Range{}) }

// ResetRange is Reset for a byte range of an input. Offsets are counted from
// the beginning of the range, and lines from its first record.
func (r *Reader) ResetRange(src io.Reader, cfg Config, g Range) {
	err := cfg.Validate()
	if err == nil && cfg.Dialect.SkipFooter > 0 && (g.Header != nil || g.Limit != nil) {
		err = errors.New("records at the end of the input cannot be skipped in a byte range")
	}
	if err != nil {
		cfg = Config{} // all methods return err
	}
	cfg = cfg.withDefaults()
	if r.scratch == nil {
		r.scratch = scratches.Get().(*scratch)
	}
	units, _ := cfg.units()
	*r = Reader{cfg: cfg, index: simd.Current().Index, src: src, err: err, header: g.Header, scratch: r.scratch, records: r.records,
		units: units, limitFunc: g.Limit, limit: math.MaxInt64, guess: g.Header != nil}
	r.windows, _ = src.(Windower)
	r.own = r.scratch.buffer(cfg.BufferSize)
	r.buf = r.own
	r.block.Columns = r.scratch.columnsFor(len(cfg.Columns))
	r.records.fields = r.scratch.fields
	r.records.reset(cfg.Dialect, cfg.Limits)
	r.blocks, r.excluded = len(cfg.Dialect.Delimiter) == 1 && !cfg.Dialect.Trim, cfg.Dialect.excluded()
	if cfg.Dialect.SkipFooter > 0 {
		r.footer = newFooter(&r.records, cfg.Dialect.SkipFooter)
		r.limit = 0
	}
}

// excluded returns the bytes, except '"', that records of dialect d can contain
// only if the block parser cannot read them.
func (d Dialect) excluded() string {
	switch {
	case d.NoQuote && d.Escape != 0:
		return string([]byte{d.Escape})
	case d.NoQuote || d.Quote == '"':
		return ""
	}
	return string([]byte{d.Quote})
}

// Release makes the memory of r available to other Readers. Blocks that r has
// returned become invalid. r can be used again after a call of Reset.
func (r *Reader) Release() {
	if r.scratch == nil {
		return
	}
	r.scratch.fields = r.records.fields
	putScratch(r.scratch)
	*r = Reader{err: errors.New("parser: use of a released Reader")}
}

// Header returns the header of the input. It is nil until Begin succeeds.
func (r *Reader) Header() *Header { return r.header }

// Offset returns the number of bytes of the input, or byte range, before the
// next record. After Begin this is the offset of the first record, and after
// io.EOF the offset at which another record would begin.
func (r *Reader) Offset() int64 {
	at := r.base + int64(r.pos)
	if r.Unterminated() {
		at--
	}
	return at
}

// Lines returns the number of line feeds before Offset, counted from the
// beginning of the input or from the first record of the byte range.
func (r *Reader) Lines() int64 {
	if r.Unterminated() {
		return r.lines - 1
	}
	return r.lines
}

// Stats returns what r has left out or tolerated so far. Records passed to
// Config.Reject that span several lines are included.
func (r *Reader) Stats() Stats { return r.stats }

// Unterminated reports whether r has reached the end of the input and its last
// line has no line feed. A text file that was cut within a line ends like this.
func (r *Reader) Unterminated() bool { return r.padded && r.pos == r.end }

// Begin reads the header of the input, or finds the first record of a byte
// range. It need not be called, because Next does the same, but makes Header
// and Offset available before the first record is read.
func (r *Reader) Begin() error {
	if r.begun || r.err != nil {
		return r.err
	}
	r.begun = true
	r.err = r.begin()
	return r.err
}

// Next returns the next block of records. After all records before an error
// have been returned, it returns
//
//   - io.EOF if the source has returned io.EOF;
//   - a *[SyntaxError] if the input is not valid;
//   - the unmodified error of the source.
//
// Further calls return the same error.
func (r *Reader) Next() (*Block, error) {
	if err := r.Begin(); err != nil {
		return nil, err
	}
	for {
		if r.err = r.lookAhead(); r.err != nil {
			return nil, r.err
		}
		if r.atEnd() {
			r.err = io.EOF
			return nil, r.err
		}
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
}

// Peek returns the buffered bytes that follow the current offset, which is the
// beginning of a line, without advancing the reader. If they do not contain a
// complete line, it first reads from the source. Records that begin at
// data[stop] or later belong to the next [Range]. The length of data is at most
// [DefaultBufferSize], even if that is less than a line.
//
// If Peek returns no data, it returns an error that explains why: the error
// that [Reader.Next] would return. data[:len(data)+Slack] lies within the
// capacity of data, and is valid until the next call of a method.
func (r *Reader) Peek() (data []byte, stop int, err error) {
	if err := r.Begin(); err != nil {
		return nil, 0, err
	}
	if r.err = r.lookAhead(); r.err != nil {
		return nil, 0, r.err
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
	data = r.buf[r.pos:min(r.end, r.pos+DefaultBufferSize)]
	return data, int(min(int64(len(data)), r.limit-r.base-int64(r.pos))), nil
}

// Discard skips the next n bytes, which must be among those that the preceding
// call of [Reader.Peek] returned and consist of the given number of records,
// each in a line of its own.
func (r *Reader) Discard(n, records int) { r.consume(r.buf[r.pos:r.end:r.end][:n], records) }

func (r *Reader) atEnd() bool {
	return r.base+int64(r.pos) >= r.limit || r.eof && r.pos == r.end
}

// parse makes a block of the records at buf[pos]. If the first of them is not
// complete in the buffer, the block has no records and more is true. The error
// of the record that follows the block is stored in r.err for the next call of
// Next.
func (r *Reader) parse() (more bool) {
	data := r.buf[r.pos:r.end]
	stop := int(min(int64(len(data)), windowSize, r.limit-r.base-int64(r.pos)))
	r.block.reset()
	r.scratch.copied = r.scratch.copied[:0]
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
		} else {
			at, err = r.records.open, r.records.unfinished(err)
		}
	}
	if err != nil {
		r.block.Data = data
		r.err = r.block.errorAt(at, err)
	}
	lines := bytes.Count(data[:used], []byte{'\n'})
	if s := r.scratch; len(s.copied) > 0 {
		s.copied = slices.Grow(r.copyOf(data, used), Slack)
		data = s.copied
	}
	r.consume(data[:used], lines)
	return more
}

// consume makes data, which begins at buf[pos] and contains the given number of
// line feeds, the data of the block, and advances past it.
func (r *Reader) consume(data []byte, lines int) {
	r.block.Data = data
	r.pos += len(data)
	r.lines += int64(lines)
}
