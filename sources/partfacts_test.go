package sources

import (
	"maps"
	"testing"

	"fastcount/internal/ziparchive"
)

func TestPathFacts(t *testing.T) {
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
		if got := pathFacts(name); !maps.Equal(got, facts) {
			t.Errorf("%s: got %q, want %q", name, got, facts)
		}
	}
}

// The facts of a file are those of its name as given, which is that of a plan
// for a byte range of it, and those of a download are its id and its export.
func TestFactsOfParts(t *testing.T) {
	f := newFile(t, tempFile(t, "a.csv", []byte(csvText)))
	named := f.Named("in/S1.csv")
	for what, got := range map[string]map[string]string{"named": named.Info().Facts(), "section": named.Section("x", 0, 1).Info().Facts()} {
		if !maps.Equal(got, map[string]string{"name": "S1", "dir": "in", "path": "in/S1.csv"}) {
			t.Errorf("%s: got %q", what, got)
		}
	}
	if got := newMember(f, ziparchive.Member{Name: "in/S1.csv"}).Info().Facts(); !maps.Equal(got, named.Info().Facts()) {
		t.Errorf("member: got %q", got)
	}
	if got := f.Info().Facts()["name"]; got != "a" {
		t.Errorf("got %q", got)
	}
	if got := (&Download{export: "demo", id: "d1.csv"}).facts(); got["name"] != "d1.csv" || got["dir"] != "demo" || got["path"] != "demo/d1.csv" {
		t.Errorf("got %q", got)
	}
	if NewStdin(nil, LocalOptions{}).Info().Facts != nil {
		t.Error("standard input has facts")
	}
}
