package parser

import (
	"bytes"
	"errors"
	"fmt"
)

// The careful road: one record after another, one byte after another. What this file accepts and refuses IS the
// CSV of this package; everything faster is measured against it.
//
// It is a pure function of the bytes it is given: no reading, no positions kept, no state from one record to the
// next. Where the bytes end before the record does, it says so, changes nothing, and is called again with more.

// errIncomplete says that the data ends before the record. errIncompleteQuoted says so inside a quoted field.
var (
	errIncomplete       = errors.New("record goes on")
	errIncompleteQuoted = errors.New("record goes on inside quotes")
)

// field is where a field lies in the data, without its quotes.
type field struct {
	start, end int
	doubled    bool // it holds doubled quotes, still to be made single
}

// value returns the unescaped field; it allocates if there is something to unescape.
func (f field) value(data []byte) []byte {
	raw := data[f.start:f.end]
	if !f.doubled {
		return raw
	}
	return bytes.ReplaceAll(raw, []byte(`""`), []byte(`"`))
}

// machine reads one record at a time.
type recordParser struct {
	delimiter byte
	maxRecord int
	maxLines  int
	padded    bool // the data ends in a line feed that is not in the input

	fields []field // of the record read last: the first keep of them
	keep   int
	count  int // fields of the record read last
	lines  int // lines of the record read last
	length int // length of the data that record was given
	open   int // offset of the quote that the last field read began with
}

// record reads the record that begins at data[at] and returns the offset behind its line end. The error is
// errIncomplete or errIncompleteQuoted if data ends too early, or what is wrong, together with the offset where it is wrong.
func (p *recordParser) parse(data []byte, at int) (int, error) {
	begin := at
	tooLong := begin + p.maxRecord + 1 // a record and its line feed end at the latest here
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

// field reads the field that begins at data[at]. It returns the offset behind the delimiter or line end that ends
// it and whether it was a line end; with an error, the offset where the error is.
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

// quoted is field where data[open] is a quote.
func (p *recordParser) parseQuoted(data []byte, open int) (next int, last bool, err error) {
	p.open = open
	f := field{start: open + 1}
	for i := f.start; i < len(data); i++ {
		if data[i] > '"' { // as most bytes are
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

// nextLine counts the line that follows the line feed at offset i, which is inside
// quotes. The limit is exceeded at a certain byte, so that an error after that
// byte is not reported however the input was cut.
func (p *recordParser) nextLine(i int) error {
	if p.padded && i+1 == p.length {
		return nil
	}
	if p.lines++; p.lines > p.maxLines {
		return ErrTooManyLines
	}
	return nil
}

// lineEnd returns the offset behind the line end at data[at], which is a line feed or a carriage return.
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

// skipEmptyLine returns the offset behind the line at data[at] if that line is empty, and else at.
func skipEmptyLine(data []byte, at int) int {
	if at < len(data) && (data[at] == '\n' || data[at] == '\r') {
		if next, err := lineEnd(data, at); err == nil {
			return next
		}
	}
	return at
}

// careful appends the records of data that begin before stop to the block. It returns the number of bytes used
// and, if a record could not be read, the error and its offset; the records before it are in the block.
func (r *Reader) parseRecords(data []byte, stop int) (used, errAt int, err error) {
	m := &r.records
	for used < stop {
		if next := skipEmptyLine(data, used); next > used {
			used = next
			continue
		}
		next, err := m.parse(data, used)
		if err != nil {
			return used, next, err
		}
		if m.lines > 1 {
			r.multiline++
		}
		if m.count != r.header.width {
			if err := r.reject(data, used, next); err != nil {
				return used, used, err
			}
			used = next
			continue
		}
		if r.header.repeats(data, m.fields) {
			return used, used, ErrRepeatedHeader
		}
		r.appendFields(data)
		used = next
	}
	return used, 0, nil
}

// reject hands the record data[at:next], which has a wrong number of fields, to the option for it.
func (r *Reader) reject(data []byte, at, next int) error {
	err := fmt.Errorf("%w: got %d, want %d", ErrFieldCount, r.records.count, r.header.width)
	if r.cfg.Reject == nil {
		return err
	}
	r.block.Data = data
	record := bytes.TrimSuffix(bytes.TrimSuffix(data[at:next], []byte("\n")), []byte("\r"))
	return r.cfg.Reject(r.block.errorAt(at, err), record)
}

// appendFields appends the wanted fields of the record that the machine has just read to the block.
func (r *Reader) appendFields(data []byte) {
	for i, column := range r.header.wanted {
		f := r.records.fields[column]
		if f.doubled {
			f = unescape(data, f)
			r.records.fields[column] = f // the column may be wanted twice
		}
		c := &r.block.Columns[i]
		c.Starts = append(c.Starts, uint32(f.start))
		c.Ends = append(c.Ends, uint32(f.end))
	}
	r.block.Rows++
}

// unescape makes doubled quotes single, in place. What is left over behind the value becomes zeros, so that the
// line feeds before any later offset stay as many as they were.
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
