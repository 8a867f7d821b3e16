package oracle

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// Translated reads an input of any dialect with encoding/csv, after translating
// it to what that package reads. selected are the columns that are read. The
// error is that of encoding/csv, ErrRefused, or ErrNoSpareByte; the result has
// no Fault. For an input without records it is io.EOF, unless that is allowed.
func Translated(input []byte, d Dialect, selected ...int) (Result, error) {
	if len(input) == 0 && d.SkipEmpty {
		return Result{EmptyInputs: 1}, nil
	}
	t := &translator{Dialect: d}
	if err := t.choose(input); err != nil {
		return Result{}, err
	}
	text, err := t.body(input)
	if err == nil {
		err = t.translate(text)
	}
	if err != nil {
		return Result{}, err
	}
	r := csv.NewReader(bytes.NewReader(t.out))
	r.FieldsPerRecord = -1
	fields, err := r.ReadAll()
	if err != nil {
		return Result{}, err
	}
	records := make([]record, len(fields))
	for i, f := range fields {
		for k := range f {
			records[i].lines = records[i].lines || strings.ContainsAny(f[k], "\n"+t.hidden['\n'])
			f[k] = t.decode(f[k])
		}
		records[i].fields = f
	}
	result := assemble(nil, records, d, selected, nil)
	result.Comments = t.comments
	switch {
	case result.Fault == nil:
		return result, nil
	case result.Fault.Kind == "empty":
		return Result{}, io.EOF
	}
	return Result{}, ErrRefused
}

// ErrNoSpareByte is the error for input in which every byte value occurs, so
// that no values are left to replace others.
var ErrNoSpareByte = errors.New("every byte value occurs")

// translator translates a dialect to that of encoding/csv: commas, quotes, and
// no escapes. Bytes that would have a meaning there are hidden: replaced by
// bytes that do not occur in the input. Every quote is assumed to begin or end
// a quoted part; if that is wrong, encoding/csv refuses the result as well.
type translator struct {
	Dialect
	hidden   map[byte]string // what replaces a byte
	escaped  string          // an escape that was removed
	nothing  string          // a blank that was removed
	out      []byte
	comments int
}

// choose chooses the bytes that replace others.
func (t *translator) choose(input []byte) error {
	var spare []string
	for c := 1; c < 0xff; c++ {
		if !bytes.Contains(input, []byte{byte(c)}) && !strings.ContainsAny(" \t,\"\r\n", string(rune(c))) {
			spare = append(spare, string([]byte{byte(c)}))
		}
	}
	const needed = "\r\n,\""
	if len(spare) < len(needed)+2 {
		return ErrNoSpareByte
	}
	t.hidden = map[byte]string{}
	for i, c := range []byte(needed) {
		t.hidden[c] = spare[i]
	}
	t.escaped, t.nothing = spare[len(needed)], spare[len(needed)+1]
	return nil
}

// decode returns the field that a translated one represents.
func (t *translator) decode(field string) string {
	field = strings.ReplaceAll(field, t.nothing, "")
	if field == t.escaped+"N" && t.Escape == '\\' {
		return `\N`
	}
	field = strings.ReplaceAll(field, t.escaped, "")
	for c, by := range t.hidden {
		field = strings.ReplaceAll(field, by, string([]byte{c}))
	}
	return field
}

// body returns the input without what precedes the first record.
func (t *translator) body(input []byte) ([]byte, error) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\x00\x00\xfe\xff"} {
		if bytes.HasPrefix(input, []byte(mark)) {
			return nil, ErrRefused
		}
	}
	rest := bytes.TrimPrefix(input, []byte("\xef\xbb\xbf"))
	if t.SkipLines == 0 {
		return rest, nil
	}
	lines := bytes.SplitAfterN(rest, []byte("\n"), t.SkipLines+1)
	if len(lines) <= t.SkipLines {
		return nil, ErrRefused
	}
	return lines[t.SkipLines], nil
}

// translate translates text to t.out.
func (t *translator) translate(text []byte) error {
	start := true // of a record, or of an empty line
	for len(text) > 0 {
		if start && bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
			return ErrRefused
		}
		if start && t.Comment != "" && bytes.HasPrefix(text, []byte(t.Comment)) {
			line, rest, _ := bytes.Cut(text, []byte("\n"))
			if bytes.ContainsRune(bytes.TrimSuffix(line, []byte("\r")), '\r') {
				return ErrRefused
			}
			t.comments++
			text = rest
			continue
		}
		n, err := t.outside(text)
		if err != nil {
			return err
		}
		start = text[n-1] == '\n' && t.out[len(t.out)-1] == '\n'
		text = text[n:]
	}
	return nil
}

func (t *translator) put(s string) { t.out = append(t.out, s...) }

// data returns a byte as encoding/csv takes it for data.
func (t *translator) data(c byte) string {
	if by, ok := t.hidden[c]; ok {
		return by
	}
	return string([]byte{c})
}

// outside translates what text begins with, which is not within quotes, and
// returns its length.
func (t *translator) outside(text []byte) (n int, err error) {
	switch c := text[0]; {
	case bytes.HasPrefix(text, []byte(t.Delimiter)):
		t.put(",")
		return len(t.Delimiter), nil
	case t.Quote != 0 && c == t.Quote:
		t.put(`"`)
		return t.quoted(text)
	case t.Quote == 0 && t.Escape != 0 && c == t.Escape:
		if len(text) == 1 || len(text) == 2 && text[1] == '\n' {
			return 0, ErrRefused
		}
		t.put(t.escaped + t.data(text[1]))
		return 2, nil
	case c == '\n':
		t.put("\n")
	case c == '\r' && len(text) > 1 && text[1] != '\n':
		return 0, ErrRefused
	case c == '\r':
		t.put("\r")
	case t.Trim && (c == ' ' || c == '\t'):
		return t.blanks(text), nil
	default:
		t.put(t.data(c))
	}
	return 1, nil
}

// blanks translates the blanks that text begins with. They are removed where a
// field begins or ends.
func (t *translator) blanks(text []byte) int {
	n := 0
	for n < len(text) && (text[n] == ' ' || text[n] == '\t') && !bytes.HasPrefix(text[n:], []byte(t.Delimiter)) {
		n++
	}
	rest := text[n:]
	begins := len(t.out) == 0 || slices.Contains([]byte(",\n"), t.out[len(t.out)-1])
	ends := len(rest) == 0 || bytes.HasPrefix(rest, []byte(t.Delimiter)) || rest[0] == '\n' || rest[0] == '\r'
	switch {
	case begins && (len(rest) == 0 || rest[0] != t.Quote || t.Quote == 0):
		t.put(t.nothing) // so that the line is not empty
	case begins || ends:
	default:
		t.out = append(t.out, text[:n]...)
	}
	return n
}

// quoted translates a quoted part and its quotes, and returns its length. The
// quote at its beginning is in t.out already.
func (t *translator) quoted(text []byte) (n int, err error) {
	for n = 1; n < len(text); n++ {
		switch c := text[n]; {
		case t.Escape != 0 && c == t.Escape && n+1 < len(text):
			n++
			t.put(t.escaped)
			t.insideData(text[n])
		case c == t.Quote && n+1 < len(text) && text[n+1] == t.Quote:
			n++
			t.insideData(c)
		case c == t.Quote:
			t.put(`"`)
			return n + 1, nil
		default:
			t.insideData(c)
		}
	}
	return 0, ErrRefused // the quote is not closed
}

// insideData writes a byte of data within quotes. A CR is hidden there, because
// encoding/csv removes it before an LF.
func (t *translator) insideData(c byte) {
	if c == '\n' || c == ',' {
		t.put(string([]byte{c}))
		return
	}
	t.put(t.data(c))
}
