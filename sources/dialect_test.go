package sources

import "testing"

func TestNameDelimiter(t *testing.T) {
	for name, want := range map[string]byte{
		"a.csv": 0, "a.tsv": '\t', "A.TSV": '\t', "a.psv": '|', "a.tsv.gz": '\t', "a.psv.zst": '|',
		"a.gz": 0, "a": 0, "dir.tsv/a.csv": 0, "http://h/x.tsv": '\t', "a.tsv.bak": 0,
	} {
		if got := nameDelimiter(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
