package parser

import (
	"bytes"
	"errors"
	"fmt"
)

// This file contains the record parser, which defines the format that this
// package accepts. It is the reference implementation of the block parser.
//
// Its result depends only on the bytes that it is given. It does not read, and
// keeps no state between records. If the bytes end before the record does, it
// returns errIncomplete or errIncompleteQuoted, and the caller repeats the call
// with more bytes.

var (
	errIncomplete       = errors.New("incomplete record")
	errIncompleteQuoted = errors.New("incomplete record within quotes")
)

// field is the position of a field in the data, without enclosing quotes.
type field struct {
	start, end int
	doubled    bool // contains doubled quotes
}

// value returns the value of f. It allocates only if f contains doubled quotes.
func (f field) value(data []byte) []byte {
	raw := data[f.start:f.end]
	if !f.doubled {
		return raw
	}
	return bytes.ReplaceAll(raw, []byte(`""`), []byte(`"`))
}

// recordParser parses one record at a time.
type recordParser struct {
	delimiter byte
	maxRecord int
	maxLines  int
	padded    bool // the last byte of the data is a line feed that is not in the input

	// The following describe the record parsed last.
	fields []field // its first keep fields
	keep   int
	count  int // number of fields
	lines  int // number of lines
	length int // length of the data passed to parse
	open   int // offset of the quote that begins the last quoted field
}

// parse parses the record that begins at data[at] and returns the offset that
// follows its line end. If the data ends before the record does, the error is
// errIncomplete or errIncompleteQuoted; otherwise an error is returned together
// with its offset.
func (p *recordParser) parse(data []byte, at int) (int, error) {
	begin := at
	tooLong := begin + p.maxRecord + 1 // largest offset at which a record and its line feed can end
	view := data[:min(len(data), tooLong)]
	p.fields, p.count, p.lines, p.length = p.fields[:0], 0, 1, len(data)
	if hasByteOrderMark(view[begin:]) {
		return begin, ErrByteOrderMark
	}
	next, last, err := p.parseField(view, at)
	for err == nil && !last {
		next, last, err = p.parseField(view, next)
	}
	switch {
	case err == ErrTooManyLines:
		return begin, fmt.Errorf("%w: limit is %d", err, p.maxLines)
	case len(view) == tooLong && err == errIncompleteQuoted:
		return p.open, fmt.Errorf("%w: quoted field not closed within the limit of %d bytes", ErrRecordTooLong, p.maxRecord)
	case len(view) == tooLong && err == errIncomplete:
		return begin, fmt.Errorf("%w: limit is %d bytes", ErrRecordTooLong, p.maxRecord)
	}
	return next, err
}

// hasByteOrderMark reports whether data begins with a UTF-8 byte order mark.
func hasByteOrderMark(data []byte) bool {
	return len(data) >= 3 && data[0] == 0xef && data[1] == 0xbb && data[2] == 0xbf
}

// parseField parses the field that begins at data[at]. It returns the offset
// that follows the delimiter or line end after the field, and whether that was
// a line end. With an error, next is the offset of the error.
func (p *recordParser) parseField(data []byte, at int) (next int, last bool, err error) {
	if at < len(data) && data[at] == '"' {
		return p.parseQuoted(data, at)
	}
	for i := at; i < len(data); i++ {
		switch data[i] {
		case p.delimiter:
			p.add(field{start: at, end: i})
			return i + 1, false, nil
		case '\n', '\r':
			next, err := lineEnd(data, i)
			if err == nil {
				p.add(field{start: at, end: i})
			}
			return next, true, err
		case '"':
			return i, false, ErrBareQuote
		}
	}
	return len(data), false, errIncomplete
}

// parseQuoted is parseField for a field that begins with the quote data[open].
func (p *recordParser) parseQuoted(data []byte, open int) (next int, last bool, err error) {
	p.open = open
	f := field{start: open + 1}
	for i := f.start; i < len(data); i++ {
		if data[i] > '"' { // most bytes
			continue
		}
		if data[i] == '\n' {
			if err := p.nextLine(i); err != nil {
				return open, false, err
			}
		}
		if data[i] != '"' {
			continue
		}
		if i+1 == len(data) {
			return i, false, errIncomplete
		}
		f.end = i
		switch data[i+1] {
		case '"':
			f.doubled = true
			i++
		case p.delimiter:
			p.add(f)
			return i + 2, false, nil
		case '\n', '\r':
			next, err := lineEnd(data, i+1)
			if err == nil {
				p.add(f)
			}
			return next, true, err
		default:
			return i, false, ErrQuote
		}
	}
	return len(data), false, errIncompleteQuoted
}

// nextLine counts the line that follows the line feed at offset i, which is
// inside quotes. The error is detected at this byte, and so does not depend on
// how many of the following bytes are in the data.
func (p *recordParser) nextLine(i int) error {
	if p.padded && i+1 == p.length {
		return nil
	}
	if p.lines++; p.lines > p.maxLines {
		return ErrTooManyLines
	}
	return nil
}

// lineEnd returns the offset that follows the line end at data[at], which is a
// LF or a CR.
func lineEnd(data []byte, at int) (int, error) {
	switch {
	case data[at] == '\n':
		return at + 1, nil
	case at+1 == len(data):
		return at, errIncomplete
	case data[at+1] == '\n':
		return at + 2, nil
	default:
		return at, ErrBareCR
	}
}

func (p *recordParser) add(f field) {
	if p.count++; p.count <= p.keep {
		p.fields = append(p.fields, f)
	}
}

// skipEmptyLine returns the offset that follows the line at data[at] if that
// line is empty, and at otherwise.
func skipEmptyLine(data []byte, at int) int {
	if at < len(data) && (data[at] == '\n' || data[at] == '\r') {
		if next, err := lineEnd(data, at); err == nil {
			return next
		}
	}
	return at
}

// parseRecords appends the records of data that begin before stop to the block.
// It returns the number of bytes used. If a record cannot be parsed, it returns
// the error and its offset after appending the preceding records.
func (r *Reader) parseRecords(data []byte, stop int) (used, errAt int, err error) {
	p := &r.records
	for used < stop {
		if next := skipEmptyLine(data, used); next > used {
			used = next
			continue
		}
		next, err := p.parse(data, used)
		if err != nil {
			return used, next, err
		}
		if p.lines > 1 {
			r.multiline++
		}
		if p.count != r.header.width {
			if err := r.reject(data, used, next); err != nil {
				return used, used, err
			}
			used = next
			continue
		}
		if r.header.repeats(data, p.fields) {
			return used, used, ErrRepeatedHeader
		}
		r.appendFields(data, next)
		used = next
	}
	return used, 0, nil
}

// reject calls Config.Reject for the record data[at:next], which has a wrong
// number of fields, and returns its error. Without Config.Reject, it returns
// the error of the record.
func (r *Reader) reject(data []byte, at, next int) error {
	err := fmt.Errorf("%w: got %d, want %d", ErrFieldCount, r.records.count, r.header.width)
	if r.cfg.Reject == nil {
		return err
	}
	r.block.Data = data
	record := bytes.TrimSuffix(bytes.TrimSuffix(data[at:next], []byte("\n")), []byte("\r"))
	return r.cfg.Reject(r.block.errorAt(at, err), record)
}

// appendFields appends the selected fields of the record parsed last, which
// ends at data[next], to the block.
func (r *Reader) appendFields(data []byte, next int) {
	for i, column := range r.header.wanted {
		f := r.records.fields[column]
		if f.doubled {
			f = unescape(r.copyOf(data, next), f)
			r.records.fields[column] = f // the same column may be selected again
		}
		c := &r.block.Columns[i]
		c.Starts = append(c.Starts, uint32(f.start))
		c.Ends = append(c.Ends, uint32(f.end))
	}
	r.block.Rows++
}

// copyOf returns a copy of data[:n], where data is that of the block. Fields
// are modified only there, because data may be a window of the source. Within
// one block it continues the copy that it has begun.
func (r *Reader) copyOf(data []byte, n int) []byte {
	s := r.scratch
	s.copied = append(s.copied, data[len(s.copied):n]...)
	return s.copied
}

// unescape replaces the doubled quotes of f by single ones, in place, and sets
// the bytes that follow the shortened value to zero. The number of line feeds
// before later fields, from which line numbers are computed, stays the same.
func unescape(data []byte, f field) field {
	raw := data[f.start:f.end]
	n := 0
	for i := 0; i < len(raw); i++ {
		raw[n] = raw[i]
		n++
		if raw[i] == '"' {
			i++
		}
	}
	clear(raw[n:])
	return field{start: f.start, end: f.start + n}
}
