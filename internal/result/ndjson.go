package result

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ndjsonDecoder reads the format of sinks.NDJSON.
type ndjsonDecoder struct {
	*scanner
	result  *Reader
	line    int64    // of the last group, from 1
	pending [][]byte // the values of the first group, until they are returned
	count1  uint64   // its count
	name    []byte   // memory for the name of a member
}

// beginNDJSON reads the rest of the first line, of which the name of the first
// member was read.
func (r *Reader) beginNDJSON(s *scanner, name string) error {
	d := &ndjsonDecoder{scanner: s, result: r, line: 1}
	for {
		value, err := s.text(nil)
		if err != nil {
			return err
		}
		r.keys, d.pending = append(r.keys, name), append(d.pending, value)
		if len(r.keys) > maxKeys {
			return &NotResultError{"NDJSON of another kind", countItFirst}
		}
		if !s.accept(',') {
			return &NotResultError{"NDJSON without counts", countItFirst}
		}
		if name, err = s.name(); err != nil {
			return err
		}
		if s.peek() != '"' {
			break
		}
	}
	if name != memberCount {
		return &NotResultError{"NDJSON of another kind", countItFirst}
	}
	var err error
	if d.count1, err = s.count(); err != nil {
		return err
	}
	r.format, r.dec = "ndjson", d
	return d.endLine()
}

// endLine consumes the end of a line.
func (d *ndjsonDecoder) endLine() error {
	if err := d.expect('}'); err != nil {
		return err
	}
	for {
		c, err := d.byte()
		if err != nil || c == '\n' {
			return err
		}
		if bytes.IndexByte([]byte(blanks), c) < 0 {
			return d.at(errors.New("text after the object"))
		}
	}
}

func (d *ndjsonDecoder) at(err error) error {
	d.scanner.err = fmt.Errorf("%w: line %d: %w", ErrMalformed, d.line, err)
	d.buf, d.pos = d.buf[:0], 0
	return d.scanner.err
}

func (d *ndjsonDecoder) next(values [][]byte) (uint64, error) {
	if d.pending != nil {
		copy(values, d.pending)
		d.pending = nil
		return d.count1, nil
	}
	d.line++
	if d.ended() {
		return 0, io.EOF
	}
	if err := d.expect('{'); err != nil {
		return 0, err
	}
	for i, key := range d.result.keys {
		if err := d.memberName(); err != nil {
			return 0, err
		}
		if i == 0 && string(d.name) == memberIncomplete && d.peek() == '[' {
			return 0, d.end()
		}
		if string(d.name) != key {
			return 0, d.at(errors.New("other members than in the first line"))
		}
		var err error
		if values[i], err = d.text(values[i][:0]); err != nil {
			return 0, err
		}
		if err := d.expect(','); err != nil {
			return 0, err
		}
	}
	if err := d.memberName(); err != nil {
		return 0, err
	}
	if string(d.name) != memberCount {
		return 0, d.at(errors.New("other members than in the first line"))
	}
	n, err := d.count()
	if err != nil {
		return 0, err
	}
	return n, d.endLine()
}

// memberName sets d.name to the name of a member.
func (d *ndjsonDecoder) memberName() (err error) {
	if d.name, err = d.text(d.name[:0]); err != nil {
		return err
	}
	return d.expect(':')
}

// end consumes the line of an incomplete result, which is the last one.
func (d *ndjsonDecoder) end() error {
	if err := d.result.readIncomplete(d.scanner); err != nil {
		return err
	}
	if err := d.endLine(); err != nil {
		return err
	}
	if !d.ended() {
		return d.unexpected("the end of the file")
	}
	return io.EOF
}
