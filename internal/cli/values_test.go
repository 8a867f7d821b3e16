package cli

import (
	"math"
	"testing"

	"github.com/spf13/pflag"

	"fastcount/parser"
)

// setting is what Set of a flag's value makes of a text: its String, or
// "error".
func setting(v pflag.Value, text string) string {
	if v.Set(text) != nil {
		return "error"
	}
	return v.String()
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		value      pflag.Value
		text, want string
	}{
		{new(Size), "1", "1"},
		{new(Size), "65536", "64K"},
		{new(Size), "64K", "64K"},
		{new(Size), "8m", "8M"},
		{new(Size), "1G", "1G"},
		{new(Size), "1500", "1500"},
		{new(Size), "1023M", "1023M"},
		{new(Size), "0", "error"},
		{new(Size), "0K", "error"},
		{new(Size), "-1", "error"},
		{new(Size), "K", "error"},
		{new(Size), "", "error"},
		{new(Size), "1KB", "error"},
		{new(Size), "1.5K", "error"},
		{new(Size), "9007199254740992K", "error"},
		{new(Size), "99999999999999999999", "error"},
		{new(Count), "1", "1"},
		{new(Count), "0", "error"},
		{new(Count), "-3", "error"},
		{new(Count), "two", "error"},
		{new(Count), "10M", "10000000"},
		{new(Count), "2k", "2000"},
		{new(Count), "1G", "1000000000"},
		{new(Count), "0K", "error"},
		{new(Count), "M", "error"},
		{new(Count), "10T", "error"},
		{new(Count), "9999999999999999G", "error"},
		{new(Number), "18446744073709551615", "18446744073709551615"},
		{new(Number), "18446744073709551616", "error"},
		{new(Number), "18446744073709551615K", "error"},
		{new(Number), "3K", "3000"},
		{new(ExpectedRows), "10K", "error"},
		{new(ExpectedRows), "0", "0"},
		{new(ExpectedRows), "18446744073709551615", "18446744073709551615"},
		{new(ExpectedRows), "18446744073709551616", "error"},
		{new(ExpectedRows), "-1", "error"},
		{new(ExpectedRows), "", "error"},
		{new(Number), "0", "0"},
		{new(Number), "-1", "error"},
		{new(Duration), "90s", "1m30s"},
		{new(Duration), "1m", "1m"},
		{new(Duration), "0s", "error"},
		{new(Duration), "-1s", "error"},
		{new(Duration), "60", "error"},
		{new(Column), "3", "3"},
		{new(Column), "event", "event"},
		{new(Column), "0", "error"},
		{new(Column), "-2", "error"},
		{new(Column), "", "error"},
		{new(Delimiter), ";", ";"},
		{new(Delimiter), `\t`, "\t"},
		{new(Delimiter), "tab", "\t"},
		{new(Delimiter), "\t", "\t"},
		{new(Delimiter), "", "error"},
		{new(Delimiter), "||", "||"},
		{new(Delimiter), "é", "é"},
		{new(Delimiter), "semicolon", ";"},
		{new(Delimiter), `\x01`, "\x01"},
		{new(Delimiter), `\001\x7C`, "\x01|"},
		{new(Delimiter), `\`, `\`},
		{new(Delimiter), `\\|`, `\|`},
		{new(Delimiter), `a\`, "error"},
		{new(Delimiter), `\x1`, "error"},
		{new(Delimiter), `\xzz`, "error"},
		{new(Delimiter), `\400`, "error"},
		{new(Delimiter), `\n`, "error"},
		{new(Delimiter), `\x0a`, "error"},
		{new(Delimiter), "123456789", "error"},
		{new(Delimiter), "\n", "error"},
		{new(Char), "'", "'"},
		{new(Char), "none", "none"},
		{new(Char), `\`, `\`},
		{new(Char), `\x01`, "\x01"},
		{new(Char), "", "error"},
		{new(Char), "ab", "error"},
		{new(Char), `\x00`, "error"},
		{new(Names), `a,"b,c",`, "a,b,c,"},
		{new(Names), "a\nb", "error"},
		{new(Names), "", "error"},
		{new(Column), "=3", "3"},
		{new(Column), "=@name", "@name"},
		{new(Column), "@dir", "@dir"},
		{new(Column), "@x", "error"},
		{new(Column), "=", "error"},
		{&Choice{"a", []string{"a", "b"}}, "b", "b"},
		{&Choice{"a", []string{"a", "b"}}, "c", "error"},
	} {
		if got := setting(c.value, c.text); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.value.Type(), c.text, got, c.want)
		}
	}
}

// A number of rows that is not given is not 0, which is one.
func TestExpectedRowsMayBeAbsent(t *testing.T) {
	e := new(ExpectedRows)
	if e.Given || e.String() != "" {
		t.Errorf("absent: got %+v, %q", e, e)
	}
	if err := e.Set("0"); err != nil || !e.Given || e.String() != "0" {
		t.Errorf("0: got %+v, %q, %v", e, e, err)
	}
}

func TestSizeIsAnInt(t *testing.T) {
	var s Size
	if err := s.Set("7G"); (err == nil) != (math.MaxInt>>30 >= 7) {
		t.Errorf("7G: %v, although int holds up to %d", err, math.MaxInt)
	}
}

// The columns of a repeated flag are tried in their order.
func TestColumnsInOrder(t *testing.T) {
	var c Column
	if s := c.Selector(); s != (parser.Selector{}) || c.Named() {
		t.Errorf("no columns: got %v", s)
	}
	for _, text := range []string{"=1", "2", "@path"} {
		if err := c.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Selector().String(); got != `"1" or 2 or @path` || !c.Named() {
		t.Errorf("got %s", got)
	}
}
