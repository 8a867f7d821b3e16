package checkpoint

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"fastcount/engine"
	"fastcount/internal/partial"
	"fastcount/sources"
)

// text is a part in memory.
type text struct{ name, data string }

func (p text) Name() string          { return p.name }
func (p text) Info() engine.PartInfo { return engine.PartInfo{} }

func (p text) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(p.data)), nil
}

// Identity returns valid UTF-8, as that of every source.
func (p text) Identity() sources.Identity {
	return sources.Identity{ID: quoted(p.name), Version: quoted(p.data)}
}

func quoted(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strconv.Quote(s)
}

// texts are three parts.
func texts() []engine.Part {
	var parts []engine.Part
	for i := range 3 {
		data := "patient_id,event_type\n" + strings.Repeat(fmt.Sprintf("P%d,up\nP9,e%d\n", i, i), i+1)
		parts = append(parts, text{fmt.Sprintf("part %d", i), data})
	}
	return parts
}

// privateDir returns a directory that only its owner can write to, whatever the
// umask is.
func privateDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runOf returns the run that counts parts.
func runOf(parts []engine.Part) Run {
	r := Run{Rules: map[string]string{"--delimiter": ","}}
	for _, p := range parts {
		r.Sources = append(r.Sources, sources.Identify(p))
	}
	return r
}

// warnings collects the warnings of a store.
type warnings struct{ list []string }

func (w *warnings) add(err error) { w.list = append(w.list, err.Error()) }

// mustOpen opens a store that writes each result when it is saved, and closes
// it at the end of the test.
func mustOpen(t *testing.T, dir string, r Run, w *warnings) *Store {
	t.Helper()
	s, err := Open(dir, r, w.add)
	if err != nil {
		t.Fatal(err)
	}
	s.pending.maxParts = 1
	t.Cleanup(func() { s.Close() })
	return s
}

// labelOf returns the label of the result of a part.
func (s *Store) labelOf(part int) string { return s.known.label([]string{s.parts[part].ID}) }

// pathOf returns the path of the file for the result of a part.
func (s *Store) pathOf(part int) string { return s.path(s.labelOf(part), 1) }

// loaded returns the report of one part that s loads, or nil.
func loaded(s *Store, part int) (found *engine.Report) {
	for parts, r := range s.Load {
		if slices.Equal(parts, []int{part}) {
			found = r
		}
	}
	return found
}

// result returns the counts of a report, without the attempts of its parts.
func result(t *testing.T, r *engine.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := partial.Write(&b, partial.Header{}, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// counted returns the result of counting the parts.
func counted(t *testing.T, parts []engine.Part) string {
	t.Helper()
	r, err := engine.Run(t.Context(), parts, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return result(t, r)
}
