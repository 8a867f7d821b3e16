package parser

import (
	"bytes"
	"fmt"
	"io"
	"math"
)

// minFill is how many new bytes are waited for before they are looked at: small network reads are gathered.
const minFill = 64 << 10

// fill moves the unread bytes to the front and reads until there are at least twice as many as before, and minFill
// more, or the buffer is full, or the input ends. The doubling bounds what it costs when a long record that
// arrives in small pieces is begun again and again. A full buffer grows; the record limit bounds how far.
//
// Only io.EOF itself is an end (a bare Read loop, no io.ReadFull: that cannot tell a short last block from a cut).
func (r *Reader) fill() error {
	unread := copy(r.buf, r.buf[r.pos:r.end])
	r.base += int64(r.pos)
	r.pos, r.end = 0, unread
	if unread == len(r.buf)-1 {
		r.buf = r.scratch.grown(r.buf)
	}
	enough := min(len(r.buf)-1, 2*unread+minFill)
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

// updateLimit asks where the range ends. The record that begins right there still belongs to it.
func (r *Reader) updateLimit() {
	if r.limitFunc == nil {
		return
	}
	if limit := r.limitFunc(); limit < math.MaxInt64 {
		r.limit, r.limitFunc = limit+1, nil
	}
}

// room returns the free part of the buffer. Of what lies behind the limit of a range it takes only little at a
// time: no more than the rest of one record is needed.
func (r *Reader) free() []byte {
	room := r.buf[r.end : len(r.buf)-1]
	inRange := r.limit - (r.base + int64(r.end))
	return room[:min(int64(len(room)), max(inRange, minFill))]
}

// finish notes the end of the input and ends the last line if it has no line feed of its own. Whatever was used
// ended in one, so the last byte of the input is still in the buffer if it was something else.
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

var foreignMarks = [][]byte{[]byte("\xff\xfe"), []byte("\xfe\xff"), []byte("\x00\x00\xfe\xff")}

// readHeader skips a byte order mark and makes r.header from the first record.
func (r *Reader) readHeader() error {
	for _, mark := range foreignMarks {
		if bytes.HasPrefix(r.buf[:r.end], mark) {
			return r.errorAtBuf(0, ErrUnsupportedEncoding)
		}
	}
	if hasByteOrderMark(r.buf[:r.end]) {
		r.pos = 3
		if r.padded && r.end == r.pos+1 { // the mark is all there is: no line to end
			r.end, r.padded, r.records.padded = r.pos, false, false
		}
	}
	m := &r.records
	m.keep = r.cfg.Limits.MaxColumns
	next, err := r.firstRecord()
	if err != nil {
		return err
	}
	if m.count > r.cfg.Limits.MaxColumns {
		return r.errorAtBuf(r.pos, fmt.Errorf("%w: got %d, limit is %d", ErrTooManyColumns, m.count, r.cfg.Limits.MaxColumns))
	}
	names := make([][]byte, m.count)
	for i, f := range m.fields {
		names[i] = bytes.Clone(f.value(r.buf))
	}
	if r.header, err = newHeader(names, r.cfg); err != nil {
		return r.errorAtBuf(r.pos, err)
	}
	m.keep = r.header.width
	if !r.cfg.Dialect.NoHeader {
		r.advanceTo(next)
	}
	return nil
}

// firstRecord reads the first record into the machine, moves pos to its beginning and returns the offset in buf
// of its end.
func (r *Reader) firstRecord() (next int, err error) {
	for {
		for next := skipEmptyLine(r.buf[:r.end], r.pos); next > r.pos; next = skipEmptyLine(r.buf[:r.end], r.pos) {
			r.advanceTo(next)
		}
		if r.eof && r.pos == r.end {
			return 0, r.errorAtBuf(r.pos, ErrEmptyInput)
		}
		next, err = r.records.parse(r.buf[:r.end], r.pos)
		switch {
		case err == nil:
			return next, nil
		case err != errIncomplete && err != errIncompleteQuoted:
			return 0, r.errorAtBuf(next, err)
		case r.eof:
			return 0, r.errorAtBuf(r.records.open, ErrUnclosedQuote)
		}
		if err = r.fill(); err != nil {
			return 0, err
		}
	}
}

// advanceTo moves pos to buf[at], which begins a line.
func (r *Reader) advanceTo(at int) {
	r.lines += int64(bytes.Count(r.buf[r.pos:at], []byte{'\n'}))
	r.pos = at
}

// errorAtBuf is the SyntaxError for buf[at]; for use before the first block.
func (r *Reader) errorAtBuf(at int, err error) error {
	b := Block{Data: r.buf[r.pos:r.end], Offset: r.base + int64(r.pos), lines: r.lines}
	return b.errorAt(at-r.pos, err)
}

// findRecord moves pos to the first place behind a line feed where a record can be read, or where the range ends.
// If there is none in the buffer, it takes the first line feed: the reader of the range before will know better. Where
// no line feed comes, the record in which the range begins is longer than any may be.
func (r *Reader) findRecord() error {
	for bytes.IndexByte(r.buf[:r.end], '\n') < 0 {
		if r.eof {
			r.pos = r.end
			return nil
		}
		if r.base+int64(r.end) > int64(r.cfg.Limits.MaxRecord) {
			return r.errorAtBuf(0, fmt.Errorf("%w: limit is %d bytes", ErrRecordTooLong, r.cfg.Limits.MaxRecord))
		}
		r.base += int64(r.end) // nothing before the line feed is needed
		r.end = 0
		if err := r.fill(); err != nil {
			return err
		}
	}
	data := r.buf[:r.end]
	r.pos = nextLine(data, 0)
	for at := r.pos; at >= 0; at = nextLine(data, at) {
		if r.base+int64(at) >= r.limit || r.canBegin(data, at) {
			r.pos = at
			break
		}
	}
	return nil
}

// nextLine returns the offset behind the first line feed of data[at:], or -1.
func nextLine(data []byte, at int) int {
	i := bytes.IndexByte(data[at:], '\n')
	if i < 0 {
		return -1
	}
	return at + i + 1
}

// canBegin reports whether nothing speaks against a record beginning at data[at].
func (r *Reader) canBegin(data []byte, at int) bool {
	for next := skipEmptyLine(data, at); next > at; next = skipEmptyLine(data, at) {
		at = next
	}
	_, err := r.records.parse(data, at)
	if err == nil {
		return r.records.count == r.header.width
	}
	return err == errIncomplete || err == errIncompleteQuoted || err == ErrByteOrderMark
}
