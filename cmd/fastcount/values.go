package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"fastcount/parser"
)

// The types below are values of flags: each reads itself from text and writes itself for the help.

// size is a number of bytes, which may be written with K, M or G (powers of 1024).
type size int64

const sizeUnits = "KMG"

func (s *size) Set(text string) error {
	digits, shift := text, 0
	if n := len(text) - 1; n > 0 {
		if unit := strings.IndexByte(sizeUnits, upper(text[n])); unit >= 0 {
			digits, shift = text[:n], 10*(unit+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n == 0 {
		return errors.New("want a number of bytes above 0, such as 65536, 64K, 8M or 1G")
	}
	if n > math.MaxInt>>shift {
		return errors.New("too large")
	}
	*s = size(n << shift)
	return nil
}

func (s *size) String() string {
	n, unit := int64(*s), ""
	for i := 0; i < len(sizeUnits) && n > 0 && n%1024 == 0; i++ {
		n, unit = n/1024, sizeUnits[i:i+1]
	}
	return strconv.FormatInt(n, 10) + unit
}

func (*size) Type() string { return "SIZE" }

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

// count is a number above 0.
type count int

func (c *count) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errors.New("want a number above 0")
	}
	*c = count(n)
	return nil
}

func (c *count) String() string { return strconv.Itoa(int(*c)) }
func (*count) Type() string     { return "N" }

// rowLimit is a number of rows, 0 or more.
type rowLimit uint64

func (r *rowLimit) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return errors.New("want 0 or a number above it")
	}
	*r = rowLimit(n)
	return nil
}

func (r *rowLimit) String() string { return strconv.FormatUint(uint64(*r), 10) }
func (*rowLimit) Type() string     { return "N" }

// expectedRows is a number of rows, 0 or more, that may be absent.
type expectedRows struct {
	rows  uint64
	given bool
}

func (e *expectedRows) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return errors.New("want a number of rows, such as 7083793")
	}
	*e = expectedRows{n, true}
	return nil
}

func (e *expectedRows) String() string {
	if !e.given {
		return ""
	}
	return strconv.FormatUint(e.rows, 10)
}

func (*expectedRows) Type() string { return "N" }

// retries is how many attempts may follow the first, 0 or more.
type retries int

func (r *retries) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return errors.New("want 0 or a number above it")
	}
	*r = retries(n)
	return nil
}

func (r *retries) String() string { return strconv.Itoa(int(*r)) }
func (*retries) Type() string     { return "N" }

// span is a duration above 0.
type span time.Duration

func (s *span) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return errors.New("want a duration above 0, such as 90s, 10m or 1h30m")
	}
	*s = span(d)
	return nil
}

func (s *span) String() string {
	text := time.Duration(*s).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}

func (*span) Type() string { return "TIME" }

// column chooses a column: digits are its number from 1, everything else is its name.
type column parser.Selector

func (c *column) Set(text string) error {
	n, err := strconv.Atoi(text)
	switch {
	case text == "" || err == nil && n < 1:
		return errors.New("want a column's name, or its number from 1")
	case err == nil:
		*c = column{Number: n}
	default:
		*c = column{Name: text}
	}
	return nil
}

func (c *column) String() string {
	if c.Number > 0 {
		return strconv.Itoa(c.Number)
	}
	return c.Name
}

func (*column) Type() string { return "COLUMN" }

// delimiter is the byte between two fields; 0 leaves the choice to the names of the files.
type delimiter byte

func (d *delimiter) Set(text string) error {
	if text == `\t` || text == "tab" {
		text = "\t"
	}
	if len(text) != 1 || text[0] >= 0x80 || strings.Contains("\"\r\n", text) {
		return errors.New(`want one ASCII character other than a quote or line break, or \t`)
	}
	*d = delimiter(text[0])
	return nil
}

func (d *delimiter) String() string {
	if *d == 0 {
		return ""
	}
	return string(rune(*d))
}

func (*delimiter) Type() string { return "CHAR" }

// choice is one of a few words.
type choice struct {
	word  string
	words []string
}

func (c *choice) Set(text string) error {
	for _, w := range c.words {
		if w == text {
			c.word = w
			return nil
		}
	}
	return hinted(fmt.Errorf("want one of %s", strings.Join(c.words, ", ")), meantID(text, c.words)...)
}

func (c *choice) String() string { return c.word }
func (*choice) Type() string     { return "MODE" }

// textValue is a text. Its kind, such as FILE, names it in the help and
// determines its completion.
type textValue struct {
	text *string
	kind string
}

func (t textValue) Set(text string) error { *t.text = text; return nil }
func (t textValue) String() string {
	if t.text == nil {
		return "" // a zero value, of which pflag asks the default
	}
	return *t.text
}
func (t textValue) Type() string { return t.kind }

// addText adds a flag whose value is a text. The value of p is its default.
func addText(f *pflag.FlagSet, p *string, name, kind, usage string) *pflag.Flag {
	return f.VarPF(textValue{p, kind}, name, "", usage)
}

// textList is a list of texts, one for each time that the flag is given.
type textList struct {
	texts *[]string
	kind  string
}

func (t textList) Set(text string) error { *t.texts = append(*t.texts, text); return nil }
func (t textList) Type() string          { return t.kind }
func (t textList) String() string {
	if t.texts == nil {
		return "[]"
	}
	return "[" + strings.Join(*t.texts, ",") + "]"
}

// addTexts adds a repeatable flag whose values are texts.
func addTexts(f *pflag.FlagSet, p *[]string, name, kind, usage string) *pflag.Flag {
	return f.VarPF(textList{p, kind}, name, "", usage)
}
