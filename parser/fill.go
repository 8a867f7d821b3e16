package parser

import (
	"bytes"
	"fmt"
	"io"
)

// minFill is the number of bytes that fill waits for before they are parsed, so
// that small network reads are combined.
const minFill = 64 << 10

// fill gets the next window of the source. If there is none, it moves the
// unparsed bytes to the start of the buffer and reads until that holds at least
// minFill bytes more than twice their number, or is full, or the input ends.
// Because the amount doubles, parsing a long record that arrives in small
// pieces again after each fill takes linear time. A full buffer grows, which
// the limit of a record bounds.
//
// Only io.EOF ends the input. io.ReadFull is not used, because it replaces
// io.EOF by io.ErrUnexpectedEOF and so hides which of them the source returned.
func (r *Reader) fill() error {
	r.keepUnread()
	if r.window() {
		return nil
	}
	enough := min(len(r.buf)-1, 2*r.end+minFill)
	for idle := 0; r.end < enough && !r.eof; {
		n, err := r.src.Read(r.free())
		r.end += n
		r.updateLimit()
		switch {
		case err == io.EOF:
			r.finish()
		case err != nil:
			return err
		case n > 0:
			idle = 0
		default:
			if idle++; idle == 100 {
				return io.ErrNoProgress
			}
		}
	}
	return nil
}

// free returns the free part of the buffer. After the end of a byte range it
// returns at most minFill bytes, because only the rest of one record is needed.
func (r *Reader) free() []byte {
	free := r.buf[r.end : len(r.buf)-1]
	inRange := r.limit - (r.base + int64(r.end))
	return free[:min(int64(len(free)), max(inRange, minFill))]
}

// finish records the end of the input and terminates the last line if it has no
// line feed. Bytes that were consumed end in a line feed, so if the input ends
// in another byte, that byte is still in the buffer.
func (r *Reader) finish() {
	r.eof = true
	if r.end > r.pos && r.buf[r.end-1] != '\n' {
		r.buf[r.end] = '\n'
		r.end++
		r.padded, r.records.padded = true, true
	}
}

// maxMarkLen is the length of the longest byte order mark.
const maxMarkLen = 4

// foreignMarks are the byte order marks of UTF-16 and UTF-32. That of
// little-endian UTF-32 begins with that of little-endian UTF-16.
var foreignMarks = [][]byte{[]byte("\xff\xfe"), []byte("\xfe\xff"), []byte("\x00\x00\xfe\xff")}

// readHeader skips a byte order mark and sets r.header from the first record.
func (r *Reader) readHeader() error {
	for _, mark := range foreignMarks {
		if bytes.HasPrefix(r.buf[:r.end], mark) {
			return r.errorAt(0, ErrUnsupportedEncoding)
		}
	}
	if hasByteOrderMark(r.buf[:r.end]) {
		r.pos = 3
		if r.padded && r.end == r.pos+1 { // the input ends after the mark: there is no line to terminate
			r.end, r.padded, r.records.padded = r.pos, false, false
		}
	}
	p, maxColumns := &r.records, r.cfg.Limits.MaxColumns
	p.keep = maxColumns
	next, err := r.firstRecord()
	if err != nil {
		return err
	}
	if p.count > maxColumns {
		return r.errorAt(r.pos, fmt.Errorf("%w: got %d, limit is %d", ErrTooManyColumns, p.count, maxColumns))
	}
	names := make([][]byte, p.count)
	for i, f := range p.fields {
		names[i] = bytes.Clone(f.value(r.buf))
	}
	if r.header, err = newHeader(names, r.cfg); err != nil {
		return r.errorAt(r.pos, err)
	}
	p.keep = r.header.width
	if !r.cfg.Dialect.NoHeader {
		r.advanceTo(next)
	}
	return nil
}

// firstRecord parses the first record, moves r.pos to its beginning and returns
// the offset in r.buf that follows it.
func (r *Reader) firstRecord() (next int, err error) {
	for {
		for next := skipEmptyLine(r.buf[:r.end], r.pos); next > r.pos; next = skipEmptyLine(r.buf[:r.end], r.pos) {
			r.advanceTo(next)
		}
		if r.eof && r.pos == r.end {
			return 0, r.errorAt(r.pos, ErrEmptyInput)
		}
		next, err = r.records.parse(r.buf[:r.end], r.pos)
		switch {
		case err == nil:
			return next, nil
		case err != errIncomplete && err != errIncompleteQuoted:
			return 0, r.errorAt(next, err)
		case r.eof:
			return 0, r.errorAt(r.records.open, ErrUnclosedQuote)
		}
		if err = r.fill(); err != nil {
			return 0, err
		}
	}
}

// advanceTo moves r.pos to buf[at], which begins a line.
func (r *Reader) advanceTo(at int) {
	r.lines += int64(bytes.Count(r.buf[r.pos:at], []byte{'\n'}))
	r.pos = at
}

// errorAt returns a SyntaxError with the position of buf[at]. It is used before
// the first block.
func (r *Reader) errorAt(at int, err error) error {
	b := Block{Data: r.buf[r.pos:r.end], Offset: r.base + int64(r.pos), lines: r.lines}
	return b.errorAt(at-r.pos, err)
}
