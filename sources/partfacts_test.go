package sources

import (
	"maps"
	"testing"

	"fastcount/internal/ziparchive"
)

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
