package sources

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"fastcount/internal/ziparchive"
)

// knownOptions are options with which the files at paths are known as they are
// now, and which record the identities that are asked for.
func knownOptions(t *testing.T, asked *[]string, paths ...string) LocalOptions {
	t.Helper()
	var known []Identity
	for _, path := range paths {
		known = append(known, newFile(t, path).Identity())
	}
	return LocalOptions{Known: func(id Identity) bool {
		*asked = append(*asked, filepath.Base(id.ID))
		return slices.Contains(known, id)
	}}
}

// A known file is not examined before it is opened, however it is named. All
// others are.
func TestKnownIsNotExamined(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.csv", "b.csv", "changed.csv", "new.csv"} {
		write(t, filepath.Join(dir, name), gz(t, csvText+name))
	}
	changed := filepath.Join(dir, "changed.csv")
	var asked []string
	o := knownOptions(t, &asked, filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv"), changed)
	if err := os.Chtimes(changed, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	found, err := Resolve([]string{filepath.Join(dir, "[a-c]*.csv"), filepath.Join(dir, "new.csv")}, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	var unread []string
	for _, s := range found {
		f := s.Part.(*File)
		if f.content == (recognition{}) {
			unread = append(unread, filepath.Base(f.path))
		}
		got, err := readPart(t, f)
		if want := csvText + filepath.Base(f.path); err != nil || got != want || f.Plain() {
			t.Errorf("%s: got %q, %v", f.path, got, err)
		}
		if now := newFile(t, f.path); now.Identity() != f.Identity() || now.entry && !f.entry {
			t.Errorf("%s: got %v", f.path, f.Identity())
		}
	}
	if !slices.Equal(unread, []string{"a.csv", "b.csv"}) || !slices.Equal(asked, []string{"a.csv", "b.csv", "changed.csv", "new.csv"}) {
		t.Errorf("not examined: %q, asked for: %q", unread, asked)
	}
}

// What a known file turns out to be when it is opened is reported then, by
// every way to use its content.
func TestKnownIsExaminedLate(t *testing.T) {
	dir := t.TempDir()
	archive := zipOf(t, "a.csv", csvText)
	for name, c := range map[string]struct {
		data  []byte
		spoil func(path string) error
		want  error
	}{
		"plain":           {data: []byte(csvText)},
		"an archive":      {data: archive, want: errZip},
		"damaged archive": {data: archive[:len(archive)-1], want: ziparchive.ErrTruncated},
		"other format":    {data: []byte("\xfd7zXZ\x00 "), want: ErrContent},
		"removed":         {data: []byte(csvText), spoil: os.Remove, want: ErrChanged},
		"changed":         {data: []byte(csvText), spoil: func(path string) error { return os.Truncate(path, 3) }, want: ErrChanged},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, filepath.Join(dir, name), c.data)
			var asked []string
			f, err := NewFile(path, knownOptions(t, &asked, path))
			if err != nil {
				t.Fatal(err)
			}
			if c.spoil != nil {
				if err := c.spoil(path); err != nil {
					t.Fatal(err)
				}
			}
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() {
					s, err := f.OpenRange(t.Context(), 0, f.found.Size())
					if err == nil {
						err = s.Close()
					}
					if !errors.Is(err, c.want) {
						t.Errorf("OpenRange: got %v", err)
					}
				})
			}
			all.Wait()
			if err := f.Err(); !errors.Is(err, c.want) {
				t.Errorf("Err: got %v", err)
			}
			if _, err := readPart(t, f); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
			if err := f.Named("x").Err(); !errors.Is(err, c.want) {
				t.Errorf("Named: got %v", err)
			}
		})
	}
}
