package display

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestName(t *testing.T) {
	tests := []struct{ id, want string }{
		{"P001", "P001"},
		{"a b", "a b"},
		{"é漢字", "é漢字"},
		{`a"b\n`, `a"b\n`},
		{"", `""`},
		{`""`, `"\"\""`},
		{" a", `" a"`},
		{"a ", `"a "`},
		{"a\nb", `"a\nb"`},
		{"\x1b[31m", `"\x1b[31m"`},
		{"\u009b31m", `"\u009b31m"`},
		{"a\u202eb", `"a\u202eb"`},
		{"a\u00a0b", `"a\u00a0b"`},
		{"\xff", `"\xff"`},
		{"\ufffd", "\ufffd"},
		{"a\\b\n", `"a\\b\n"`},
		{"a\u3164", `"a\u3164"`},
	}
	for _, tt := range tests {
		if got := Name(tt.id); got != tt.want {
			t.Errorf("Name(%q) = %s, want %s", tt.id, got, tt.want)
		}
	}
}

func TestWidth(t *testing.T) {
	tests := []struct {
		s    string
		want int
	}{
		{"", 0}, {"abc", 3}, {"é", 1}, {"e\u0301", 1}, {"漢字", 4}, {"한글", 4}, {"\u1112\u1161\u11ab", 2},
		{"ａ", 2}, {"ｱ", 1}, {"😀", 2}, {"𠀀", 2}, {"ひらがな", 8}, {"█…", 2}, {"עברית", 5}, {"a\u20dd", 1},
		{"⌚", 2}, {"☀", 1}, {"☔", 2}, {"✅", 2}, {"★", 1}, {"⭐", 2}, {"🌀", 2}, {"🌡", 1}, {"🕰", 1}, {"🚀", 2}, {"🟢", 2}, {"🩺", 2},
		{"👍🏽", 2}, {"🇩🇪", 2},
	}
	for _, tt := range tests {
		if got := Width(tt.s); got != tt.want {
			t.Errorf("Width(%q) = %d, want %d", tt.s, got, tt.want)
		}
	}
}

func TestShorten(t *testing.T) {
	tests := []struct {
		s     string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "a…d"}, {"abcdef", 4, "a…ef"}, {"abc", 2, "…c"}, {"abc", 1, "…"}, {"abc", 0, ""}, {"abc", -1, ""}, {"", 0, ""},
		{"漢字", 4, "漢字"}, {"漢字", 3, "…字"}, {"漢字", 2, "…"}, {"漢字脈拍", 7, "漢…脈拍"}, {"漢字脈拍", 6, "漢…拍"}, {"a漢字脈", 5, "a…脈"},
		{"e\u0301e\u0301e\u0301", 2, "…e\u0301"}, {"e\u0301e\u0301", 2, "e\u0301e\u0301"}, {"👩\u200d⚕️👩\u200d⚕️", 3, "…👩\u200d⚕️"},
		{strings.Repeat("a", 70_000) + "z", 5, "aa…az"}, {strings.Repeat("漢", 70_000), 6, "漢…漢"}, {strings.Repeat("e\u0301", 50_000), 3, "e\u0301…e\u0301"},
		{"a" + strings.Repeat("\u0301", 50_000) + "b", 2, "a" + strings.Repeat("\u0301", 50_000) + "b"},
		{"a" + strings.Repeat("\u0301", 50_000) + "bcd", 3, "a" + strings.Repeat("\u0301", 50_000) + "…d"},
		{"demo/f725622a-18b0-4b4a-8fd5-2d7f2e3c1b0a", 16, "demo/f7…2e3c1b0a"},
	}
	for _, tt := range tests {
		if got := Shorten(tt.s, tt.width); got != tt.want {
			t.Errorf("Shorten(%q, %d) = %q, want %q", tt.s, tt.width, got, tt.want)
		}
	}
}

// hidden holds characters of each kind that must not reach a terminal
// unescaped.
var hidden = []string{
	"\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\u0085", "\u009b", // controls
	"\u2028", "\u2029", "\u200e", "\u202a", "\u202e", "\u2066", "\u2069", "\u061c", // lines and directions
	"\u00a0", "\u2003", "\u3000", // spaces
	"\u00ad", "\u200b", "\u200d", "\u2060", "\ufeff", "\u034f", "\u115f", "\u180e", "\u2800", "\u3164", "\uffa0", // invisible
	"\ufe0f", "\U000e0100", "\U000e0041", "\ue000", "\U0010ffff", // selectors, tags, private
}

// TestHiddenCharactersAreEscaped checks that they are escaped in names, lines
// and JSON, at any place.
func TestHiddenCharactersAreEscaped(t *testing.T) {
	for _, h := range hidden {
		for _, s := range []string{h, "a" + h + "b", "é" + h} {
			name, line := Name(s), Line(s)
			if got, err := strconv.Unquote(name); err != nil || got != s {
				t.Errorf("Name(%q) = %s, which is %q, %v", s, name, got, err)
			}
			if got, err := strconv.Unquote(`"` + line + `"`); err != nil || got != s {
				t.Errorf("Line(%q) = %s, which is %q, %v", s, line, got, err)
			}
			text, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			escaped := JSON(string(text))
			var back string
			if err := json.Unmarshal([]byte(escaped), &back); err != nil || back != s {
				t.Errorf("JSON(%s) = %s, which is %q, %v", text, escaped, back, err)
			}
			for _, shown := range []string{name, line, escaped} {
				if strings.Contains(shown, h) {
					t.Errorf("%q is shown in %q", h, shown)
				}
			}
		}
	}
	for _, s := range []string{"plain", "é漢字 ab", `C:\dir "x"`, "-→…█"} {
		if got := Line(s); got != s {
			t.Errorf("Line(%q) = %q", s, got)
		}
	}
	if got := JSON("{}\n[1]\n"); got != "{}\n[1]\n" {
		t.Errorf("JSON changed what is between values: %q", got)
	}
	if got := Valid("a\xffé\n\\"); got != "a\\xffé\n\\" {
		t.Errorf("Valid: %q", got)
	}
}

// TestNamesStayDistinct checks that no two ids are displayed alike, and that
// each is printable and on one line.
func TestNamesStayDistinct(t *testing.T) {
	ids := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("\"\\n\na \u202e"))),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		a, b := ids.Draw(t, "a"), ids.Draw(t, "b")
		if a != b && Name(a) == Name(b) {
			t.Fatalf("%q and %q are both shown as %s", a, b, Name(a))
		}
		for _, shown := range []string{Name(a), Line(a)} {
			if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q is shown as %q", a, shown)
			}
		}
	})
}
