package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"fastcount/parser"
)

// The types below are values of flags that describe how CSV is read. Whether
// they fit together is for [parser.Dialect.Validate] to determine.

// delimiterNames are names of delimiters that a shell makes hard to type.
var delimiterNames = map[string]string{"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}

// Delimiter is the bytes between two fields; "" leaves the choice to the names
// of the files.
type Delimiter string

func (d *Delimiter) Set(text string) error {
	if name, ok := delimiterNames[text]; ok {
		*d = Delimiter(name)
		return nil
	}
	bytes, err := unescape(text)
	if err == nil {
		err = parser.Dialect{Delimiter: bytes, NoQuote: true}.Validate()
	}
	switch {
	case text == "":
		err = errors.New(`want 1 to 8 bytes, such as ';', '||', tab or '\x01'`)
	case err == nil:
		*d = Delimiter(bytes)
	}
	return err
}

func (d *Delimiter) String() string { return string(*d) }
func (*Delimiter) Type() string     { return "STR" }

// unescape replaces \t, \xHH, \NNN and \\ in text. A single backslash
// remains one.
func unescape(text string) (string, error) {
	if text == `\` {
		return text, nil
	}
	var b strings.Builder
	for text != "" {
		c, n := text[0], 1
		if c == '\\' {
			var ok bool
			if c, n, ok = unescapeOne(text); !ok {
				return "", errEscape
			}
		}
		b.WriteByte(c)
		text = text[n:]
	}
	return b.String(), nil
}

// unescapeOne returns the byte for the escape sequence that text begins with,
// and the length of the sequence.
func unescapeOne(text string) (c byte, n int, ok bool) {
	switch {
	case strings.HasPrefix(text, `\\`):
		return '\\', 2, true
	case strings.HasPrefix(text, `\t`):
		return '\t', 2, true
	case len(text) < 4:
		return 0, 0, false
	}
	digits, base := text[1:4], 8
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	value, err := strconv.ParseUint(digits, base, 8)
	return byte(value), 4, err == nil
}

var errEscape = errors.New(`unknown escape; want \t, \\, \xHH (hexadecimal) or \NNN (octal)`)

// none is the word for a character that does not exist.
const none = "none"

// Char is a byte of CSV with a meaning.
type Char struct {
	Byte byte
	None bool // no byte has the meaning
}

func (c *Char) Set(text string) error {
	if text == none {
		*c = Char{None: true}
		return nil
	}
	bytes, err := unescape(text)
	if err == nil && (len(bytes) != 1 || bytes[0] == 0) {
		err = errors.New("want one character, or none")
	}
	if err == nil {
		*c = Char{Byte: bytes[0]}
	}
	return err
}

func (c *Char) String() string {
	switch {
	case c.None:
		return none
	case c.Byte == 0:
		return ""
	}
	return string([]byte{c.Byte})
}

func (*Char) Type() string { return "CHAR" }

// Names are the names of columns, separated by commas and quoted as in CSV.
type Names []string

func (n *Names) Set(text string) error {
	r := csv.NewReader(strings.NewReader(text))
	names, err := r.Read()
	if err == nil {
		if _, more := r.Read(); more != io.EOF {
			err = errors.New("more than one line")
		}
	}
	if err != nil {
		return errors.New("want the names of the columns, separated by commas")
	}
	*n = names
	return nil
}

func (n *Names) String() string { return strings.Join(*n, ",") }
func (*Names) Type() string     { return "NAMES" }

// Column is one of the columns that a flag names, in their order: the first
// that an input has is counted.
type Column struct{ list []parser.Selector }

// facts are the facts about a source that can take the place of a column.
var facts = []string{"name", "dir", "path"}

func (c *Column) Set(text string) error {
	s := parser.Selector{Name: text}
	n, err := strconv.Atoi(text)
	switch {
	case text == "" || text == "=" || err == nil && n < 1:
		return errors.New("want a column's name, its number from 1, or @name, @dir or @path")
	case err == nil:
		s = parser.Selector{Number: n}
	case text[0] == '=':
		s.Name = text[1:]
	case text[0] == '@' && slices.Contains(facts, text[1:]):
		s = parser.Selector{Fact: text[1:]}
	case text[0] == '@':
		return fmt.Errorf("want @name, @dir or @path; =%s is a column of that name", text)
	}
	c.list = append(c.list, s)
	return nil
}

// ColumnValue returns the value of a flag that selects the column of that name.
func ColumnValue(name string) string {
	if _, err := strconv.Atoi(name); err == nil || strings.HasPrefix(name, "@") || strings.HasPrefix(name, "=") {
		return "=" + name
	}
	return name
}

func (c *Column) String() string {
	texts := make([]string, len(c.list))
	for i, s := range c.list {
		if texts[i] = s.String(); s.Name != "" {
			texts[i] = s.Name
		}
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return strings.TrimSuffix("["+strings.Join(texts, ",")+"]", "[]")
}

func (*Column) Type() string { return "COLUMN" }

// repeatable marks values that a flag may have several of.
func (*Column) repeatable() {}

// Selector returns what is selected. It is the zero Selector if nothing is.
func (c *Column) Selector() (s parser.Selector) {
	for _, alternative := range slices.Backward(c.list) {
		next := s
		if s = alternative; next != (parser.Selector{}) {
			s.Or = &next
		}
	}
	return s
}

// Named reports whether one of the columns is selected by name.
func (c *Column) Named() bool {
	return slices.ContainsFunc(c.list, func(s parser.Selector) bool { return s.Name != "" })
}

// isRepeatable reports whether a flag may be given several times.
func isRepeatable(v pflag.Value) bool {
	_, ok := v.(interface{ repeatable() })
	return ok
}
