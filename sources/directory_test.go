package sources

import (
	"errors"
	"path/filepath"
	"testing"

	"fastcount/internal/glob"
)

// The error for a directory names a glob that matches what is inside it.
func TestDirectoryIsNoSource(t *testing.T) {
	for _, c := range []struct {
		files []string
		want  string // in the directory, or "" without a suggestion
	}{
		{nil, ""},
		{[]string{"README.md", "a.json", ".hidden.csv", ".git/a.csv", "_SUCCESS"}, ""},
		{[]string{"a.csv", "README.md"}, "*.csv"},
		{[]string{"A.CSV", "x.gz"}, "*.CSV"},
		{[]string{"a.csv.gz", "b.csv.gz", "c.csv"}, "*.csv.gz"},
		{[]string{"a/b/c.csv.gz"}, "**/*.csv.gz"},
		{[]string{"a.tsv", "b/c.tsv"}, "**/*.tsv"},
		{[]string{"a.txt", "b.psv"}, "*.psv"},
		{[]string{"a.zip"}, "*.zip"},
	} {
		tree(t, c.files...)
		want := ". is a directory without files of CSV; name the files to count"
		if c.want != "" {
			want = ". is a directory; name its files, such as '" + filepath.FromSlash(c.want) + "'"
		}
		if _, err := NewFile(".", LocalOptions{}); !errors.Is(err, ErrArgument) || err.Error() != want {
			t.Errorf("%q: got %v, want %s", c.files, err, want)
		}
		if c.want == "" {
			continue
		}
		if found, err := glob.Expand(c.want); len(found) == 0 || err != nil {
			t.Errorf("%q: %s matches nothing: %v", c.files, c.want, err)
		}
	}
}
