package checkpoint

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestCompared checks that a later run gets the warnings of a comparison, if it
// has the same sources and the file is as it was written.
func TestCompared(t *testing.T) {
	dir, run := privateDir(t), runOf(texts())
	check := func(run Run, want []string, wantKnown bool) {
		t.Helper()
		run.Grow = true
		s, err := Open(dir, run, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if got, known := s.Compared(); known != wantKnown || !slices.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, known, want)
		}
	}
	check(run, nil, false)
	for _, want := range [][]string{nil, {"a and b\nare \"equal\""}, {"one", "two"}} {
		s := mustOpen(t, dir, run, nil)
		if err := s.SetCompared(want); err != nil {
			t.Fatal(err)
		}
		s.Close()
		check(run, want, true)
	}
	path := filepath.Join(dir, comparedName)
	good := readFile(t, path)
	for i := range good {
		changed := slices.Clone(good)
		changed[i] ^= 1
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		check(run, nil, false)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	check(run, []string{"one", "two"}, true)
	grown := runOf(append(texts(), text{"more", "patient_id,event_type\n"}))
	check(grown, nil, false)
	check(grown, nil, false)
}
