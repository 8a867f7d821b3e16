package nearest_test

import (
	"testing"

	"fastcount/internal/nearest"
)

func TestWord(t *testing.T) {
	words := []string{"demo", "small", "large", "token-file"}
	for word, want := range map[string]string{
		"demos": "demo", "SMAL": "small", "lagre": "large", "demo": "demo", "token": "token-file",
		"foo": "", "": "", "x": "", "de": "", "something": "",
	} {
		if got := nearest.Word(word, words); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
