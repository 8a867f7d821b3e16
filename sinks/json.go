package sinks

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"fastcount/engine"
	"fastcount/internal/display"
)

// JSON writes the result as one object, indented by two spaces and with its keys in the order of their bytes:
//
//	{"patients": {"P001": {"bp_dia": 3106}}, "totals": {"bp_dia": 3106}}
//
// Pairs that never occurred are left out. Strings are UTF-8, not ASCII; control characters and the separators
// U+2028 and U+2029 are escaped, so that no reader sees a line break where none was written.
//
// An incomplete report has a last member more, which lists all that is missing, and why:
//
//	"incomplete": [{"source": "b.csv", "reason": "no such file"}]
type JSON struct {
	Compact bool // one line, without spaces
}

// MarksIncomplete implements Marker.
func (JSON) MarksIncomplete() bool { return true }

// Write writes the object and a newline. The memory it takes depends on the event types alone.
func (s JSON) Write(w io.Writer, r *engine.Report) error {
	if err := validIDs(r); err != nil {
		return err
	}
	p := jsonPrinter{b: buffered(w), compact: s.Compact}
	p.open('{')
	p.key("patients")
	p.patients(r)
	p.key("totals")
	p.totals(r)
	p.incomplete(r)
	p.close('}')
	p.b.WriteByte('\n')
	return p.b.Flush()
}

// errInvalidUTF8 keeps two different ids from becoming the same JSON string.
var errInvalidUTF8 = errors.New("an id is not valid UTF-8 and cannot be written as JSON")

func validIDs(r *engine.Report) error {
	invalid := func(id string) bool { return !utf8.ValidString(id) }
	if slices.ContainsFunc(r.Patients, invalid) || slices.ContainsFunc(r.Events, invalid) {
		return errInvalidUTF8
	}
	return nil
}

// jsonPrinter writes nested objects and lists.
type jsonPrinter struct {
	b       *bufio.Writer
	compact bool
	depth   int  // objects and lists that are open
	filled  bool // the innermost of them has a member
}

func (p *jsonPrinter) patients(r *engine.Report) {
	p.open('{')
	keys := p.keysOf(r.Events, p.depth+1)
	for patient, pairs := range byPatient(r) {
		p.key(patient)
		p.open('{')
		for _, pair := range pairs {
			p.comma()
			line := append(p.b.AvailableBuffer(), keys[pair.Event]...)
			p.b.Write(strconv.AppendUint(line, pair.Count, 10))
		}
		p.close('}')
	}
	p.close('}')
}

// keysOf returns what stands before the counts of these events, which is made once and written for every patient.
func (p *jsonPrinter) keysOf(events []string, depth int) [][]byte {
	keys := make([][]byte, len(events))
	for i, event := range events {
		keys[i] = p.appendKey(nil, event, depth)
	}
	return keys
}

func (p *jsonPrinter) totals(r *engine.Report) {
	p.open('{')
	for i, event := range r.Events {
		p.key(event)
		p.count(r.Totals[i])
	}
	p.close('}')
}

// incomplete adds the member that says what is missing, if anything is.
func (p *jsonPrinter) incomplete(r *engine.Report) {
	if len(r.Shortfalls) == 0 {
		return
	}
	p.key("incomplete")
	p.open('[')
	for _, s := range r.Shortfalls {
		p.comma()
		p.b.Write(p.appendNewline(p.b.AvailableBuffer(), p.depth))
		p.open('{')
		p.key("source")
		p.text(s.Part)
		p.key("reason")
		p.text(s.Err.Error())
		p.close('}')
	}
	p.close(']')
}

// open begins an object or a list.
func (p *jsonPrinter) open(bracket byte) {
	p.b.WriteByte(bracket)
	p.depth++
	p.filled = false
}

// close ends the innermost object or list; an empty one stays on its line, as {}.
func (p *jsonPrinter) close(bracket byte) {
	p.depth--
	if p.filled {
		p.b.Write(p.appendNewline(p.b.AvailableBuffer(), p.depth))
	}
	p.b.WriteByte(bracket)
	p.filled = true
}

// comma begins a member of the innermost object or list.
func (p *jsonPrinter) comma() {
	if p.filled {
		p.b.WriteByte(',')
	}
	p.filled = true
}

func (p *jsonPrinter) key(k string) {
	p.comma()
	p.b.Write(p.appendKey(p.b.AvailableBuffer(), k, p.depth))
}

func (p *jsonPrinter) count(n uint64) {
	p.b.Write(strconv.AppendUint(p.b.AvailableBuffer(), n, 10))
}

func (p *jsonPrinter) text(s string) {
	p.b.Write(appendJSONString(p.b.AvailableBuffer(), display.Valid(s)))
}

// appendKey appends a key of an object at that depth, and all that stands between the comma and the value.
func (p *jsonPrinter) appendKey(dst []byte, k string, depth int) []byte {
	dst = appendJSONString(p.appendNewline(dst, depth), k)
	if p.compact {
		return append(dst, ':')
	}
	return append(dst, ": "...)
}

func (p *jsonPrinter) appendNewline(dst []byte, depth int) []byte {
	if p.compact {
		return dst
	}
	const indented = "\n      " // for three open ones, which is as deep as it goes
	return append(dst, indented[:1+2*depth]...)
}

// appendJSONString appends s, which is valid UTF-8, as a JSON string. Unlike encoding/json it leaves <, > and &
// as they are, and it escapes DEL and U+0080 to U+009F, which a terminal may take for commands.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if isPlain(s) {
		return append(append(dst, s...), '"')
	}
	for _, r := range s {
		dst = appendJSONRune(dst, r)
	}
	return append(dst, '"')
}

// isPlain reports whether s is a JSON string as it is, as most ids are.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func appendJSONRune(dst []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\r':
		return append(dst, `\r`...)
	case r == '\t':
		return append(dst, `\t`...)
	case r < 0x20 || 0x7f <= r && r <= 0x9f || r == '\u2028' || r == '\u2029':
		return fmt.Appendf(dst, `\u%04x`, r)
	}
	return utf8.AppendRune(dst, r)
}
