package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/partial"
	"fastcount/internal/testing/descriptors"
	"fastcount/sources"
)

// storeOf returns a store that holds the results of parts, and their texts.
func storeOf(t *testing.T, parts []engine.Part, w *warnings) (s *Store, texts []string) {
	t.Helper()
	dir, run := privateDir(t), runOf(parts)
	s = mustOpen(t, dir, run, w)
	if _, err := engine.Run(t.Context(), parts, engine.Config{Load: s.Load, Save: s.Save}); err != nil {
		t.Fatal(err)
	}
	for i := range parts {
		texts = append(texts, string(readFile(t, s.pathOf(i))))
	}
	return s, texts
}

// partialOf returns the text of a partial result.
func partialOf(t *testing.T, head partial.Header, r *engine.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := partial.Write(&b, head, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// resummed replaces text in a partial result, and corrects its checksum.
func resummed(t *testing.T, text, old, new string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q occurs %d times in %s", old, strings.Count(text, old), text)
	}
	before, _, ok := strings.Cut(strings.Replace(text, old, new, 1), `"sha256":`)
	if !ok {
		t.Fatal("no checksum")
	}
	return fmt.Sprintf("%s\"sha256\":\"%x\"}\n", before, sha256.Sum256([]byte(before)))
}

// A file that does not belong to the run is not used, and causes a warning.
func TestUnfitParts(t *testing.T) {
	parts := texts()
	var w warnings
	s, kept := storeOf(t, parts, &w)
	good := loaded(s, 1)
	if good == nil {
		t.Fatal("not loaded")
	}
	none := &engine.Report{}
	both, err := engine.Run(t.Context(), parts[:2], engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	head := func(change func(h *partial.Header)) partial.Header {
		h := s.header(s.labelOf(1))
		change(&h)
		return h
	}
	for name, c := range map[string]struct{ text, want string }{
		"summed again":        {resummed(t, kept[1], `"attempts":1`, `"attempts":2`), ""},
		"version 1":           {resummed(t, kept[1], `"version":3`, `"version":1`), ""},
		"no part":             {partialOf(t, s.header(s.labelOf(1)), none), "not the result of parts of this run"},
		"two parts":           {partialOf(t, s.header(s.labelOf(1)), both), "not the result of parts of this run"},
		"bad rows":            {resummed(t, kept[1], `"attempts":1`, `"attempts":1,"bad_rows":1`), "trailer: "},
		"another run":         {partialOf(t, head(func(h *partial.Header) { h.Job = s.labelOf(1) }), good), "not the result of parts of this run"},
		"another part":        {partialOf(t, head(func(h *partial.Header) { h.Label = s.labelOf(0) }), good), "not the result of parts of this run"},
		"other form":          {partialOf(t, head(func(h *partial.Header) { h.EscapeIDs = false }), good), "not the result of parts of this run"},
		"a shard":             {partialOf(t, head(func(h *partial.Header) { h.Total, h.Covers = 9, []partial.Interval{{0, 9}} }), good), "not the result of parts of this run"},
		"other rows":          {resummed(t, kept[1], `"attempts":1`, `"attempts":0`), "corrupt"},
		"other version":       {resummed(t, kept[1], `"version":3`, `"version":4`), "version"},
		"a wrong sum":         {strings.Replace(kept[1], `"attempts":1`, `"attempts":2`, 1), "checksum"},
		"without the end":     {kept[1][:len(kept[1])-1], "end"},
		"the file of another": {kept[0], "not the result of parts of this run"},
	} {
		w.list = nil
		if err := os.WriteFile(s.pathOf(1), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := loaded(s, 1); (r != nil) != (c.want == "") {
			t.Errorf("%s: got %v", name, r)
		}
		if c.want == "" && len(w.list) > 0 || c.want != "" && (len(w.list) != 1 || !strings.Contains(w.list[0], c.want)) {
			t.Errorf("%s: warnings %q, want %q", name, w.list, c.want)
		}
	}
	w.list = nil
	if err := os.Remove(s.pathOf(1)); err != nil {
		t.Fatal(err)
	}
	if r := loaded(s, 1); r != nil || len(w.list) > 0 {
		t.Errorf("missing: got %v, %q", r, w.list)
	}
}

// A part that cannot be saved fails the run with the reason.
func TestPartThatCannotBeKept(t *testing.T) {
	parts := texts()
	s := mustOpen(t, privateDir(t), runOf(parts), nil)
	if err := os.Mkdir(s.pathOf(1), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.pathOf(1), "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := s.Save(1, &engine.Report{Parts: []engine.PartReport{{Attempts: 1}}})
	if !errors.As(err, new(*os.LinkError)) || !strings.Contains(err.Error(), "cannot save") {
		t.Errorf("got %v", err)
	}
}

// The identity of each part is in the name of its file and in the file, so that
// no part is taken for another one.
func TestPartsOfDifferentIdentity(t *testing.T) {
	ids := []sources.Identity{{ID: "a"}, {ID: "b"}, {ID: "a", Version: "1"}, {ID: "a", Digest: "1"}, {ID: "a 1"}, {ID: `a" "1`}}
	seen := make(map[string]bool)
	for _, id := range ids {
		s := mustOpen(t, privateDir(t), Run{Sources: []sources.Identity{id}}, nil)
		seen[filepath.Base(s.pathOf(0))] = true
		seen[s.labelOf(0)] = true
	}
	if len(seen) != 2*len(ids) {
		t.Errorf("got %v", seen)
	}
	s, err := Open(privateDir(t), Run{Sources: []sources.Identity{{ID: "a"}, {ID: "b"}, {ID: "a", Version: "1"}}}, nil)
	if s != nil || err == nil || err.Error() != "parts 1 and 3: same identity" {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestAppendQuoted(t *testing.T) {
	for _, s := range []string{"", "/a b/c.csv", "~ ", `"`, `\`, "\x1f", "\x7f", "\n", "\u00e9", "\xff", "\U0001f600"} {
		if got, want := string(appendQuoted([]byte("x"), s)), "x"+strconv.Quote(s); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// Sources in another order are the same run.
func TestOrderOfSources(t *testing.T) {
	ids := []sources.Identity{{ID: "b", Version: "1"}, {ID: "a", Version: "2"}, {ID: "c", Version: "1", Digest: "x"}}
	dir := privateDir(t)
	if err := mustOpen(t, dir, Run{Sources: ids}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, filepath.Join(dir, runName))
	slices.Reverse(ids)
	mustOpen(t, dir, Run{Sources: ids}, nil)
	if after := readFile(t, filepath.Join(dir, runName)); string(after) != string(before) {
		t.Errorf("got %s, before %s", after, before)
	}
}

// No file stays open, whether a store is opened or refused.
func TestStoreIsClosed(t *testing.T) {
	parts := texts()
	dir, run := privateDir(t), runOf(parts)
	other := Run{Rules: map[string]string{"--delimiter": "x"}, Sources: run.Sources}
	foreign := privateDir(t)
	if err := os.WriteFile(filepath.Join(foreign, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	descriptors.Check(t)
	for range 2 {
		s, err := Open(dir, run, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Run(t.Context(), parts, engine.Config{Load: s.Load, Save: s.Save}); err != nil {
			t.Error(err)
		}
		if _, err := Open(dir, run, nil); !errors.Is(err, ErrLocked) {
			t.Errorf("got %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, dir := range []string{dir, foreign} {
		if _, err := Open(dir, other, nil); !errors.Is(err, ErrDirectory) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := Open(filepath.Join(foreign, "x", "y"), run, nil); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory inside a file: got %v", err)
	}
}
