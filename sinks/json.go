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

// JSON writes one object, indented by two spaces, with keys in the order of
// their bytes, here with Compact and added spaces:
//
//	{"patients": {"P001": {"bp_dia": 3106}}, "totals": {"bp_dia": 3106}}
//
// Pairs that never occurred are left out. Strings are UTF-8, not ASCII. Control
// characters and the separators U+2028 and U+2029 are escaped, because some
// readers interpret them as line breaks.
//
// For key columns other than the default two, the object holds their names, and
// counts that are nested in the order of the names:
//
//	{"by": ["site", "event_type"], "counts": {"A": {"bp_dia": 3}}, "total": 3}
//
// An incomplete report has another member at the end, which lists what is
// missing, and why:
//
//	"incomplete": [{"source": "b.csv", "reason": "no such file"}]
type JSON struct {
	Compact bool // one line, without spaces
}

// MarksIncomplete implements [Marker]. It returns true.
func (JSON) MarksIncomplete() bool { return true }

// Write writes the object and a newline. Its memory depends only on the values
// of the last key, at most 4,096. It returns an error if a value is not valid
// UTF-8.
func (s JSON) Write(w io.Writer, r *engine.Report) error {
	if err := validIDs(r); err != nil {
		return err
	}
	p := jsonPrinter{b: buffered(w), compact: s.Compact}
	p.open('{')
	if r.By == nil {
		p.key("patients")
		p.groups(r)
		p.key("totals")
		p.totals(r)
	} else {
		p.key("by")
		p.names(r.By)
		p.key("counts")
		p.groups(r)
		p.key("total")
		p.count(r.Rows)
	}
	p.incomplete(r)
	p.close('}')
	p.b.WriteByte('\n')
	return p.b.Flush()
}

// errInvalidUTF8 prevents that two different ids become the same JSON string.
var errInvalidUTF8 = errors.New("id is not valid UTF-8")

func validIDs(r *engine.Report) error {
	invalid := func(id string) bool { return !utf8.ValidString(id) }
	if slices.ContainsFunc(r.Keys, func(values []string) bool { return slices.ContainsFunc(values, invalid) }) {
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

// groups writes the counts in an object for each key column, nested in the
// order of the columns.
func (p *jsonPrinter) groups(r *engine.Report) {
	last := len(r.Keys) - 1
	depth := p.depth + 1 + last
	key := texts(r, func(dst []byte, value string) []byte { return p.appendKey(dst, value, depth) })
	p.open('{')
	var before []uint32 // the values of the objects that are open
	for group, n := range r.All() {
		same := 0
		for same < len(before) && group[same] == before[same] {
			same++
		}
		for range len(before) - same {
			p.close('}')
		}
		for i := same; i < last; i++ {
			p.key(r.Keys[i][group[i]])
			p.open('{')
		}
		before = group[:last]
		p.comma()
		line := key(p.b.AvailableBuffer(), group[last])
		p.b.Write(strconv.AppendUint(line, n, 10))
	}
	for range before {
		p.close('}')
	}
	p.close('}')
}

// names writes a list of strings.
func (p *jsonPrinter) names(list []string) {
	p.open('[')
	for _, name := range list {
		p.comma()
		line := p.appendNewline(p.b.AvailableBuffer(), p.depth)
		p.b.Write(appendJSONString(line, name))
	}
	p.close(']')
}

func (p *jsonPrinter) totals(r *engine.Report) {
	p.open('{')
	for i, event := range r.Keys[1] {
		p.key(event)
		p.count(r.Totals[i])
	}
	p.close('}')
}

// incomplete writes the member that lists what is missing from an incomplete
// report.
func (p *jsonPrinter) incomplete(r *engine.Report) {
	if len(r.Incomplete) == 0 {
		return
	}
	p.key("incomplete")
	p.open('[')
	for _, s := range r.Incomplete {
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

// close ends the innermost object or list. An empty one is written as {} or [].
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

// appendKey appends a key of an object at that depth, with the space before it
// and the colon.
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
	dst = append(dst, '\n')
	for range depth {
		dst = append(dst, "  "...)
	}
	return dst
}

// appendJSONString appends s, which is valid UTF-8, as a JSON string. Unlike
// encoding/json, it does not escape <, > and &, and it escapes DEL and U+0080
// to U+009F, which a terminal may interpret.
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

// isPlain reports whether s needs no escapes in a JSON string. Most ids do not.
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
