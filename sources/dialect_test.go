package sources

import "testing"

func TestNameDelimiter(t *testing.T) {
	for name, want := range map[string]string{
		"a.csv": "", "a.tsv": "\t", "A.TSV": "\t", "a.tab": "\t", "a.psv": "|", "a.tsv.gz": "\t", "a.psv.zst": "|",
		"a.gz": "", "a": "", "dir.tsv/a.csv": "", "http://h/x.tsv": "\t", "a.tsv.bak": "",
	} {
		if got := nameDelimiter(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
