package result

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// defaultKeys are the names of the key columns that the JSON of a count of
// patients and event types does not repeat.
var defaultKeys = []string{"patient_id", "event_type"}

// Members of JSON and NDJSON.
const (
	memberPatients   = "patients"
	memberTotals     = "totals"
	memberBy         = "by"
	memberCounts     = "counts"
	memberTotal      = "total"
	memberCount      = "count"
	memberIncomplete = "incomplete"
)

// readJSON reads the beginning of JSON or NDJSON. The first member shows which
// of them it is.
func (r *Reader) readJSON(in *bufio.Reader) error {
	s := &scanner{r: in, buf: make([]byte, 0, bufferSize)}
	if head, _ := in.Peek(len(mark)); string(head) == mark {
		n, _ := in.Discard(len(mark)) // they are in its buffer
		s.base = int64(n)
	}
	if err := s.expect('{'); err != nil {
		return err
	}
	name, err := s.name()
	if err != nil {
		return notJSON(err)
	}
	switch c := s.peek(); {
	case c == '"':
		return r.beginNDJSON(s, name)
	case c == '{' && name == memberPatients:
		s.pos++
		r.keys = defaultKeys
	case c == '[' && name == memberBy:
		if err := r.readBy(s); err != nil {
			return err
		}
	case c == '[' && name == memberIncomplete:
		return &NotResultError{"it begins with the member incomplete: ndjson without rows, or JSON whose members were sorted", "write the result with --sink json"}
	default:
		return &NotResultError{"JSON of another kind", countItFirst}
	}
	r.format = "json"
	r.dec = &jsonDecoder{scanner: s, result: r, names: make([][]byte, len(r.keys)), first: true, by: name == memberBy}
	return nil
}

// notJSON returns the error for data that begins with a brace.
func notJSON(err error) error {
	return fmt.Errorf("%w: %w", &NotResultError{"it begins with {, but is not JSON", countItFirst}, err)
}

// name consumes the name of a member and the colon.
func (s *scanner) name() (string, error) {
	name, err := s.text(nil)
	if err != nil {
		return "", err
	}
	return string(name), s.expect(':')
}

// member consumes the name of a certain member and the colon.
func (s *scanner) member(want string) error {
	name, err := s.name()
	if err == nil && name != want {
		err = s.malformed(fmt.Errorf("want the member %s", want))
	}
	return err
}

// readBy reads the names of key columns and the beginning of the counts.
func (r *Reader) readBy(s *scanner) error {
	r.keys = nil
	err := s.list('[', ']', func() error {
		name, err := s.text(nil)
		if r.keys = append(r.keys, string(name)); err == nil && len(r.keys) > maxKeys {
			err = s.malformed(fmt.Errorf("more than %d key columns", maxKeys))
		}
		return err
	})
	if err == nil {
		err = s.expect(',')
	}
	if err == nil {
		err = s.member(memberCounts)
	}
	if err == nil {
		err = s.expect('{')
	}
	return err
}

// list consumes a list or an object, whose elements f consumes.
func (s *scanner) list(open, end byte, f func() error) error {
	if err := s.expect(open); err != nil {
		return err
	}
	for first := true; !s.accept(end); first = false {
		if !first {
			if err := s.expect(','); err != nil {
				return err
			}
		}
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// jsonDecoder reads the format of sinks.JSON: objects nested by key columns.
type jsonDecoder struct {
	*scanner
	result *Reader
	names  [][]byte // of the members at each depth
	before []byte   // memory for the name of the member before
	depth  int      // of the innermost object, from 0
	first  bool     // whether that object has no member yet
	by     bool     // whether the key columns are named, and there is one total
}

func (d *jsonDecoder) at(err error) error { return d.malformed(err) }

func (d *jsonDecoder) next(values [][]byte) (uint64, error) {
	for {
		done, err := d.upToMember()
		if err != nil {
			return 0, err
		}
		if done {
			return 0, d.end()
		}
		if err := d.memberName(); err != nil {
			return 0, err
		}
		if d.depth == len(d.names)-1 {
			break
		}
		if err := d.expect('{'); err != nil {
			return 0, err
		}
		d.depth++
		d.first = true
	}
	for i, name := range d.names {
		set(values, i, name)
	}
	return d.count()
}

// memberName consumes the name of a member, which must not be that of the
// member before, and the colon.
func (d *jsonDecoder) memberName() (err error) {
	name := &d.names[d.depth]
	*name, d.before = d.before, *name
	if *name, err = d.text((*name)[:0]); err != nil {
		return err
	}
	if !d.first && bytes.Equal(*name, d.before) {
		return d.malformed(errOrder)
	}
	d.first = false
	return d.expect(':')
}

// upToMember consumes what is between two members of objects. It reports
// whether the last object has ended.
func (d *jsonDecoder) upToMember() (done bool, err error) {
	for {
		switch {
		case d.accept('}'):
			if d.first && d.depth > 0 {
				return false, d.malformed(errors.New("object without counts"))
			}
			d.first = false
			if d.depth == 0 {
				return true, nil
			}
			d.depth--
		case d.first || d.accept(','):
			return false, nil
		default:
			return false, d.unexpected(", or }")
		}
	}
}

// end consumes what follows the counts.
func (d *jsonDecoder) end() error {
	if err := d.expect(','); err != nil {
		return err
	}
	if err := d.sums(); err != nil {
		return err
	}
	if d.accept(',') {
		if err := d.member(memberIncomplete); err != nil {
			return err
		}
		if err := d.result.readIncomplete(d.scanner); err != nil {
			return err
		}
	}
	if err := d.expect('}'); err != nil {
		return err
	}
	if !d.ended() {
		return d.unexpected("the end of the file")
	}
	return io.EOF
}

// sums consumes the totals, which must be those of the groups.
func (d *jsonDecoder) sums() error {
	if d.by {
		if err := d.member(memberTotal); err != nil {
			return err
		}
		var buf [24]byte
		digits, err := d.digits(buf[:0])
		if err == nil && string(digits) != fmt.Sprint(d.result.rows) {
			err = d.malformed(errors.New("the total is not the sum of the counts"))
		}
		return err
	}
	if err := d.member(memberTotals); err != nil {
		return err
	}
	var last []byte
	seen := 0
	err := d.list('{', '}', func() error {
		value, err := d.text(nil)
		if err == nil {
			err = d.expect(':')
		}
		if err != nil {
			return err
		}
		n, err := d.count()
		if err != nil {
			return err
		}
		if rows, known := d.result.totals.of(value); !known || rows != n || seen > 0 && bytes.Compare(last, value) >= 0 {
			return d.malformed(errors.New("a total is not the sum of the counts"))
		}
		last = value
		seen++
		return nil
	})
	if err == nil && seen < len(d.result.totals.list) {
		err = d.malformed(errors.New("a total is missing"))
	}
	return err
}

// readIncomplete reads what is missing from an incomplete result.
func (r *Reader) readIncomplete(s *scanner) error {
	err := s.list('[', ']', func() error {
		if err := s.expect('{'); err != nil {
			return err
		}
		var texts [2]string
		for i, name := range []string{"source", "reason"} {
			if i > 0 {
				if err := s.expect(','); err != nil {
					return err
				}
			}
			if err := s.member(name); err != nil {
				return err
			}
			text, err := s.text(nil)
			if err != nil {
				return err
			}
			texts[i] = string(text)
		}
		r.incomplete = append(r.incomplete, texts[0]+": "+texts[1])
		return s.expect('}')
	})
	if err == nil && len(r.incomplete) == 0 {
		err = s.malformed(errors.New("nothing is missing from an incomplete result"))
	}
	return err
}
