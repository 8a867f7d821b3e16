package filter

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		"xz -dc":               {"xz", "-dc"},
		"  xz\t-d \n":          {"xz", "-d"},
		`a 'b c' "d e"`:        {"a", "b c", "d e"},
		`a b' c'd" e"`:         {"a", "b cd e"},
		`a '' ""`:              {"a", "", ""},
		`a \  \'b \\`:          {"a", " ", "'b", `\`},
		`a '\n' "\n" \n`:       {"a", `\n`, `\n`, "n"},
		`a "\"" "\\" '\'`:      {"a", `"`, `\`, `\`},
		`sh -c 'a | b > c'`:    {"sh", "-c", "a | b > c"},
		`a '|' "&&" \; a|b ;c`: {"a", "|", "&&", ";", "a|b", ";c"},
		`a $HOME *.csv # ü`:    {"a", "$HOME", "*.csv", "#", "ü"},
		"":                     nil,
		" \t":                  nil,
	} {
		if got, err := split(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`a "b`: "quote", `a 'b`: "quote", `a"b' c`: "quote", `a\`: "backslash", `a "b\"`: "quote",
		"a | b": "|: needs a shell", "a && b": "&&: needs", "a > b": ">: needs", "a >> b": ">>: needs", "a <": "<: needs", "a ; b": ";: needs",
	} {
		if got, err := split(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want an error with %q", text, got, err, want)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"": "no command", "  ": "no command", "no-such-program -x": "not found", "''": "", "a | b": "needs a shell",
	} {
		if c, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want an error with %q", text, c, err, want)
		}
	}
}

func TestFirstLine(t *testing.T) {
	for _, c := range []struct {
		writes []string
		want   string
	}{
		{nil, ""},
		{[]string{"one\ntwo\n"}, "one"},
		{[]string{"\n", " \r\n", " o", "ne\r", "\ntwo"}, "one"},
		{[]string{"one"}, "one"},
		{[]string{strings.Repeat("x", 2*maxLine)}, strings.Repeat("x", maxLine)},
	} {
		var f firstLine
		for _, w := range c.writes {
			if n, err := f.Write([]byte(w)); n != len(w) || err != nil {
				t.Fatalf("wrote %d of %d bytes, error %v", n, len(w), err)
			}
		}
		if got := f.text(); got != c.want {
			t.Errorf("%.50q: got %.50q, want %.50q", c.writes, got, c.want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"PATH=/bin", "FASTCOUNT_TOKEN=x", "OTHER=FASTCOUNT_", "FASTCOUNT_HEADER=y"})
	if want := []string{"PATH=/bin", "OTHER=FASTCOUNT_"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
