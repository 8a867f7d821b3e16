package nearest_test

import (
	"testing"

	"fastcount/internal/nearest"
)

func TestWord(t *testing.T) {
	words := []string{"demo", "small", "large", "token-file"}
	for word, want := range map[string]string{
		"demo": "demo", "SMAL": "small",
		// one or two edits: insert, delete, replace
		"demos": "demo", "emo": "demo", "xdemo": "demo", "dem": "demo", "dxmo": "demo", "domo": "demo",
		"demoxx": "demo", "xxdemo": "demo", "dexxmo": "demo", "lagre": "large", "larxx": "large", "xxrge": "large",
		"token-filexx": "token-file", "okenfile": "token-file",
		// letters exchanged, which is one edit
		"dmeo": "demo", "deom": "demo", "lareg": "large", "medo": "",
		// two edits of four letters
		"dxxo": "", "xdexo": "demo",
		// three edits, and more
		"demoxxx": "", "xxxdemo": "", "lxxxe": "", "foo": "", "something": "",
		// the beginning of a word, from three letters
		"tok": "token-file", "token": "token-file", "to": "", "oken": "",
		// an edit for each letter
		"": "", "x": "", "de": "", "xy": "",
	} {
		if got := nearest.Word(word, words); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestWordOfSeveral(t *testing.T) {
	for _, c := range []struct {
		word, want string
		words      []string
	}{
		{"table", "table", []string{"tables", "table", "cable"}},

		{"cat", "bat", []string{"bat", "rat", "cart"}},                   // the first of equal ones
		{"metr", "metre", []string{"metrics", "metre"}},                  // an edit comes before a beginning
		{"prog", "progress-file", []string{"progress-file", "programs"}}, // the first with that beginning
	} {
		if got := nearest.Word(c.word, c.words); got != c.want {
			t.Errorf("%q of %q: got %q, want %q", c.word, c.words, got, c.want)
		}
	}
}
