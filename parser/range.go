package parser

import (
	"bytes"
	"fmt"
	"math"
)

// A Range describes a byte range of an input, for inputs that several Readers
// share. The source of a Reader begins at the first byte of its range and
// continues to the end of the input. A record belongs to the range that
// contains the byte before it; the first record belongs to the first range.
//
// Where the first record of a range begins cannot be known from the range
// alone, because the range may begin inside quotes. The Reader of a range other
// than the first one therefore guesses: it begins at the first line feed that
// is followed by a valid record. The guess is correct if and only if the
// preceding range was read correctly and ends there. That is, [Reader.Offset]
// after [Reader.Begin], counted from the beginning of this range, and Offset of
// the preceding Reader after io.EOF denote the same byte.
type Range struct {
	// Header is the header of the input. It is nil for the first range, whose
	// Reader reads it.
	Header *Header

	// Limit returns the offset in the source of the next range, or
	// math.MaxInt64 while that is not known. It must be known when the byte at
	// that offset has been read. If Limit is nil, this is the last range.
	Limit func() int64
}

// updateLimit sets r.limit once Range.Limit is known. A record that begins
// exactly there still belongs to the range.
func (r *Reader) updateLimit() {
	if r.limitFunc == nil {
		return
	}
	if limit := r.limitFunc(); limit < math.MaxInt64 {
		r.limit, r.limitFunc = limit+1, nil
	}
}

// findRecord moves r.pos to the first position after a line feed where a record
// can begin or where the range ends. If the buffer has none, it moves r.pos to
// the position after the first line feed: whether the guess is correct is
// decided by the preceding range. Without a line feed, the range begins in a
// record that exceeds the limit.
func (r *Reader) findRecord() error {
	for bytes.IndexByte(r.buf[:r.end], '\n') < 0 {
		if r.eof {
			r.pos = r.end
			return nil
		}
		if r.base+int64(r.end) > int64(r.cfg.Limits.MaxRecord) {
			return r.errorAt(0, fmt.Errorf("%w: limit is %d bytes", ErrRecordTooLong, r.cfg.Limits.MaxRecord))
		}
		r.base += int64(r.end) // bytes before the line feed are not needed
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

// nextLine returns the offset that follows the first line feed of data[at:], or
// -1.
func nextLine(data []byte, at int) int {
	i := bytes.IndexByte(data[at:], '\n')
	if i < 0 {
		return -1
	}
	return at + i + 1
}

// canBegin reports whether a record can begin at data[at], as far as the data
// shows.
func (r *Reader) canBegin(data []byte, at int) bool {
	p := &r.records
	next, _, err := p.skip(data, at)
	for ; err == nil && next > at; next, _, err = p.skip(data, at) {
		at = next
	}
	if err == nil {
		_, err = p.parse(data, at)
	}
	if err == nil {
		return p.count == r.header.width || r.cfg.Dialect.Ragged && p.count >= r.header.needed
	}
	return err == errIncomplete || err == errIncompleteQuoted || err == ErrByteOrderMark
}
