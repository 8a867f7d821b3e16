package filename

import (
	"maps"
	"testing"
)

func TestDelimiter(t *testing.T) {
	for name, want := range map[string]string{
		"a.csv": "", "a.tsv": "\t", "A.TSV": "\t", "a.tab": "\t", "a.psv": "|", "a.tsv.gz": "\t", "a.psv.zst": "|",
		"a.gz": "", "a": "", "dir.tsv/a.csv": "", "http://h/x.tsv": "\t", "a.tsv.bak": "",
	} {
		if got := Delimiter(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestFacts(t *testing.T) {
	for name, want := range map[string][2]string{
		"cgm/S01.csv":            {"S01", "cgm"},
		"S01.csv":                {"S01", ""},
		"./S01.csv":              {"S01", ""},
		"../S01.csv":             {"S01", ""},
		"/S01.csv":               {"S01", ""},
		"/data/a b/S01.TSV.gz":   {"S01", "a b"},
		"x/S01.csv.gz.gz":        {"S01.csv.gz", "x"},
		"x/S01.csv.txt":          {"S01.csv", "x"},
		"x/S01.2026.csv.zst":     {"S01.2026", "x"},
		"x/S01.json":             {"S01.json", "x"},
		"x/.csv":                 {".csv", "x"},
		"x/S01":                  {"S01", "x"},
		"/exports/v1/day-1.csv":  {"day-1", "v1"},
		"member/dir/S01.csv.bz2": {"S01", "dir"},
	} {
		facts := map[string]string{"name": want[0], "path": name}
		if want[1] != "" {
			facts["dir"] = want[1]
		}
		if got := Facts(name); !maps.Equal(got, facts) {
			t.Errorf("%s: got %q, want %q", name, got, facts)
		}
	}
}

func TestCutCompressed(t *testing.T) {
	for name, want := range map[string][2]string{
		"a.csv": {"a.csv", ".csv"}, "a.csv.gz": {"a.csv", ".csv.gz"}, "A.TSV.ZST": {"A.TSV", ".TSV.ZST"}, "a.psv.bz2": {"a.psv", ".psv.bz2"},
		"a.json.gz": {"a.json", ""}, ".gz": {".gz", ""}, "a.gz": {"a", ""}, "a.csv.gz.gz": {"a.csv.gz", ""}, "a": {"a", ""}, "a.txt": {"a.txt", ".txt"},
	} {
		stem, form := CutCompressed(name)
		if got := CSVSuffix(name); stem != want[0] || (form == 0) != (name == stem) || got != want[1] {
			t.Errorf("%s: got %q, %d, %q, want %q", name, stem, form, got, want)
		}
	}
}
