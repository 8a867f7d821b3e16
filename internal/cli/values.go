package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"fastcount/internal/filter"
)

// The types below are values of flags: each can be set from text, and returns
// its text for the help.

// units are the suffixes of numbers, each larger than the one before by the
// same factor.
const units = "KMG"

var (
	errNotANumber = errors.New("not a number")
	errTooLarge   = errors.New("too large")
)

// parseScaled reads an integer that may end in K, M or G, which multiply it by
// powers of the factor. The error is errNotANumber, or errTooLarge if the value
// exceeds limit.
func parseScaled(text string, factor, limit uint64) (uint64, error) {
	digits, scale := text, uint64(1)
	if n := len(text) - 1; n > 0 {
		if unit := strings.Index(units, strings.ToUpper(text[n:])); unit >= 0 {
			digits = text[:n]
			for range unit + 1 {
				scale *= factor
			}
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && n > limit/scale:
		return 0, errTooLarge
	case err != nil:
		return 0, errNotANumber
	}
	return n * scale, nil
}

// Size is a number of bytes above 0. K, M and G are powers of 1024.
type Size int64

func (s *Size) Set(text string) error {
	n, err := parseScaled(text, 1024, math.MaxInt)
	switch {
	case err == errTooLarge:
		return err
	case err != nil || n == 0:
		return errors.New("want a number of bytes above 0, such as 65536, 64K, 8M or 1G")
	}
	*s = Size(n)
	return nil
}

func (s *Size) String() string {
	n, unit := int64(*s), ""
	for i := 0; i < len(units) && n > 0 && n%1024 == 0; i++ {
		n, unit = n/1024, units[i:i+1]
	}
	return strconv.FormatInt(n, 10) + unit
}

func (*Size) Type() string { return "SIZE" }

// Count is a number above 0. K, M and G are powers of 1000.
type Count int

func (c *Count) Set(text string) error {
	n, err := parseScaled(text, 1000, math.MaxInt)
	switch {
	case err == errTooLarge:
		return err
	case err != nil || n == 0:
		return errors.New("want a number above 0, such as 8, 500K or 10M")
	}
	*c = Count(n)
	return nil
}

func (c *Count) String() string { return strconv.Itoa(int(*c)) }
func (*Count) Type() string     { return "N" }

// Command is a command that sources are piped through, or "".
type Command string

func (c *Command) Set(text string) error {
	if _, err := filter.Parse(text); err != nil {
		return err
	}
	*c = Command(text)
	return nil
}

func (c *Command) String() string { return string(*c) }
func (*Command) Type() string     { return "CMD" }

// Number is a number, 0 or more. K, M and G are powers of 1000.
type Number uint64

func (n *Number) Set(text string) error {
	v, err := parseScaled(text, 1000, math.MaxUint64)
	switch {
	case err == errTooLarge:
		return err
	case err != nil:
		return errors.New("want a number, such as 0, 8 or 10K")
	}
	*n = Number(v)
	return nil
}

func (n *Number) String() string { return strconv.FormatUint(uint64(*n), 10) }
func (*Number) Type() string     { return "N" }

// ExpectedRows is a number of rows, 0 or more, that may be absent. It has no
// units, because it is exact.
type ExpectedRows struct {
	Rows  uint64
	Given bool
}

func (e *ExpectedRows) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return errors.New("want a number of rows, such as 7083793")
	}
	*e = ExpectedRows{n, true}
	return nil
}

func (e *ExpectedRows) String() string {
	if !e.Given {
		return ""
	}
	return strconv.FormatUint(e.Rows, 10)
}

func (*ExpectedRows) Type() string { return "N" }

// Duration is a duration above 0.
type Duration time.Duration

func (s *Duration) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return errors.New("want a duration above 0, such as 90s, 10m or 1h30m")
	}
	*s = Duration(d)
	return nil
}

func (s *Duration) String() string {
	text := time.Duration(*s).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}

func (*Duration) Type() string { return "TIME" }

// Choice is one of several words.
type Choice struct {
	Word  string
	words []string
}

// NewChoice returns a choice of words whose value is word, which may be empty.
func NewChoice(word string, words ...string) Choice { return Choice{word, words} }

func (c *Choice) Set(text string) error {
	for _, w := range c.words {
		if w == text {
			c.Word = w
			return nil
		}
	}
	return Hint(fmt.Errorf("want one of %s", strings.Join(c.words, ", ")), DidYouMean(text, c.words)...)
}

func (c *Choice) String() string { return c.Word }
func (*Choice) Type() string     { return "MODE" }

// textValue is a text. Its kind, such as FILE, is its placeholder in the help
// and determines its completion.
type textValue struct {
	text *string
	kind string
}

func (t textValue) Set(text string) error {
	if text == "" && t.kind != "STR" && t.kind != "TEXT" {
		return fmt.Errorf("want %s; without one, leave out the flag", t.kind)
	}
	*t.text = text
	return nil
}
func (t textValue) String() string {
	if t.text == nil {
		return "" // pflag compares the default with that of a zero value
	}
	return *t.text
}
func (t textValue) Type() string { return t.kind }

// AddText adds a flag whose value is a text. The present value of p is its
// default.
func AddText(f *pflag.FlagSet, p *string, name, kind, usage string) *pflag.Flag {
	return f.VarPF(textValue{p, kind}, name, "", usage)
}

// textList is a list of texts, one for each use of the flag.
type textList struct {
	texts *[]string
	kind  string
}

func (t textList) Set(text string) error { *t.texts = append(*t.texts, text); return nil }
func (t textList) Type() string          { return t.kind }
func (textList) repeatable()             {}
func (t textList) String() string {
	if t.texts == nil {
		return "[]"
	}
	return "[" + strings.Join(*t.texts, ",") + "]"
}

// AddTexts adds a repeatable flag whose values are texts.
func AddTexts(f *pflag.FlagSet, p *[]string, name, kind, usage string) *pflag.Flag {
	return f.VarPF(textList{p, kind}, name, "", usage)
}
