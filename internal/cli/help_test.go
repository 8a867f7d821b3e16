package cli

import (
	"strings"
	"testing"
)

func TestFit(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"one two three four five six\n", 30, "one two three four five six\n"},
		{"one two three four five six\n", 20, "one two three four\nfive six\n"},
		{"  one two three four five\n\nx\n", 20, "  one two three four\n  five\n\nx\n"},
		{"  -q  one two three four five\n", 20, "  -q  one two three\n      four five\n"},
		{"  a-long-name  one two three\n", 20, "  a-long-name one\n  two three\n"},
		{"one two three four five six\nseven\n\neight\n", 20, "one two three four\nfive six seven\n\neight\n"},
		{"one\ntwo three four five six\nseven\n", 20, "one\ntwo three four five\nsix seven\n"},
		{"  - one two three four\n    five\n  - six\n", 20, "  - one two three\n    four five\n  - six\n"},
		{"  -q  one two three four\n      five\n  -v  six\n", 20, "  -q  one two three\n      four five\n  -v  six\n"},
		{"  a-long-name  one two\n      three\n", 20, "  a-long-name\n      one two three\n"},
		{"  a b c d e f g h i j\n      deeper\n", 20, "  a b c d e f g h i\n  j\n      deeper\n"},
		{"unbreakable-word-of-30-columns\n", 20, "unbreakable-word-of-30-columns\n"},
		{"ä ö ü ä ö ü ä ö ü ä\n", 19, "ä ö ü ä ö ü ä ö ü ä\n"},
		{"too narrow to be wrapped\n", 10, "too narrow to be wrapped\n"},
	} {
		if got := Fit(c.text, c.width); got != c.want {
			t.Errorf("%q in %d columns: got %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

// TestWriteText checks how each form of text in a topic appears in the manual
// page.
func TestWriteText(t *testing.T) {
	for text, want := range map[string]string{
		"one two\nthree.\n":                          ".PP\none two\nthree.\n",
		"Heading\n\nText.\n":                         ".SS Heading\n.PP\nText.\n",
		"Last line without a point":                  ".PP\nLast line without a point\n",
		"  - one\n    two\n  - three\n":              ".IP \\(bu 2\none\ntwo\n.IP \\(bu 2\nthree\n",
		"  tag   one\n        two\n  other  three\n": ".TP\n\\fBtag\\fR\none\ntwo\n.TP\n\\fBother\\fR\nthree\n",
		"  a  one\n     two  gap\n":                  ".TP\n\\fBa\\fR\none\ntwo  gap\n",
		"  command x\n      what it does\n":          ".TP\n\\fBcommand x\\fR\nwhat it does\n",
		"  command -x\n":                             ".PP\n.nf\n  command \\-x\n.fi\n",
		"  one\n  two\n":                             ".PP\none\ntwo\n",
		".dot 'quote' back\\slash.":                  ".PP\n\\&.dot \\(aqquote\\(aq back\\eslash.\n",
	} {
		var b strings.Builder
		writeText(&b, text)
		if b.String() != want {
			t.Errorf("%q: got %q, want %q", text, b.String(), want)
		}
	}
}
