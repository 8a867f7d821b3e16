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
)

// JSON writes the result as one object, indented by two spaces and with its keys in the order of their bytes:
//
//	{"patients": {"P001": {"bp_dia": 3106}}, "totals": {"bp_dia": 3106}}
//
// Pairs that never occurred are left out. Strings are UTF-8, not ASCII; control characters and the separators
// U+2028 and U+2029 are escaped, so that no reader sees a line break where none was written.
type JSON struct {
	Compact bool // one line, without spaces
}

// Write writes the object and a newline. The memory it takes does not depend on the size of the report.
func (s JSON) Write(w io.Writer, r *engine.Report) error {
	if err := validIDs(r); err != nil {
		return err
	}
	p := jsonPrinter{b: buffered(w), compact: s.Compact}
	p.open()
	p.key("patients")
	p.patients(r)
	p.key("totals")
	p.totals(r)
	p.close()
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

// jsonPrinter writes nested objects of counts.
type jsonPrinter struct {
	b       *bufio.Writer
	compact bool
	depth   int  // objects that are open
	filled  bool // the innermost open object has a member
}

func (p *jsonPrinter) patients(r *engine.Report) {
	p.open()
	for patient, pairs := range byPatient(r) {
		p.key(patient)
		p.open()
		for _, pair := range pairs {
			p.key(r.Events[pair.Event])
			p.count(pair.Count)
		}
		p.close()
	}
	p.close()
}

func (p *jsonPrinter) totals(r *engine.Report) {
	p.open()
	for i, event := range r.Events {
		p.key(event)
		p.count(r.Totals[i])
	}
	p.close()
}

func (p *jsonPrinter) open() {
	p.b.WriteByte('{')
	p.depth++
	p.filled = false
}

// close ends the innermost object; an empty one stays on its line, as {}.
func (p *jsonPrinter) close() {
	p.depth--
	if p.filled {
		p.newline()
	}
	p.b.WriteByte('}')
	p.filled = true
}

func (p *jsonPrinter) key(k string) {
	if p.filled {
		p.b.WriteByte(',')
	}
	p.filled = true
	p.newline()
	p.b.Write(appendJSONString(p.b.AvailableBuffer(), k))
	p.b.WriteByte(':')
	if !p.compact {
		p.b.WriteByte(' ')
	}
}

func (p *jsonPrinter) count(n uint64) {
	p.b.Write(strconv.AppendUint(p.b.AvailableBuffer(), n, 10))
}

func (p *jsonPrinter) newline() {
	if p.compact {
		return
	}
	p.b.WriteByte('\n')
	for range p.depth {
		p.b.WriteString("  ")
	}
}

// appendJSONString appends s, which is valid UTF-8, as a JSON string. Unlike encoding/json it leaves <, > and &
// as they are, and it escapes DEL and U+0080 to U+009F, which a terminal may take for commands.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		dst = appendJSONRune(dst, r)
	}
	return append(dst, '"')
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
