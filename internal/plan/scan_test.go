package plan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/descriptors"
	"fastcount/parser"
	"fastcount/sources"
)

// entryOf returns a file of this text, and its plan entry.
func entryOf(t *testing.T, name, text string) (*sources.File, Entry) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := sources.NewFile(path, sources.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := NewFile(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return f, u
}

// Boundaries are at the last byte of a record, soon after each step and never
// before it. The parser returns records in blocks, and each end of a block can
// be a boundary.
func TestScanCuts(t *testing.T) {
	const buffer, longest = 100, 50
	cfg := engine.Config{BufferSize: buffer}
	var text strings.Builder
	text.WriteString("patient_id,event_type\n")
	begins := map[int64]bool{} // of all records but the first
	for i := range 200 {
		begins[int64(text.Len())] = true
		fmt.Fprintf(&text, "P%d,\"%s\nP,e\n\"\n", i, strings.Repeat("x", i%30))
	}
	size := int64(text.Len())
	for _, step := range []int64{1, 7, 50, 1000, size / 2, size, scanStep} {
		f, u := entryOf(t, "a.csv", text.String())
		if err := scan(t.Context(), &u, f, cfg, step); err != nil || !u.File.Scanned {
			t.Fatalf("step %d: %v, %v", step, u.File, err)
		}
		last := int64(0)
		for _, at := range append(slices.Clone(u.File.Boundaries), size) {
			if at-last > step+buffer+2*longest {
				t.Errorf("step %d: not cut between %d and %d", step, last, at)
			}
			if at < size && (at-last < step || !begins[at+1]) {
				t.Errorf("step %d: cut at %d, after %d", step, at, last)
			}
			last = at
		}
		if u.check() != nil {
			t.Errorf("step %d: %v", step, u.check())
		}
	}
}

// A large file has a boundary in each step.
func TestScanCutsALargeFile(t *testing.T) {
	const row = "P001,event\n"
	text := "patient_id,event_type\n" + strings.Repeat(row, (2*scanStep+scanStep/2)/len(row))
	f, u := entryOf(t, "a.csv", text)
	if err := Scan(t.Context(), &u, f, engine.Config{}); err != nil {
		t.Fatal(err)
	}
	if len(u.File.Boundaries) != 2 {
		t.Fatalf("cut at %v", u.File.Boundaries)
	}
	for i, at := range u.File.Boundaries {
		if text[at] != '\n' || at < int64(i+1)*scanStep || at > int64(i+1)*(scanStep+1<<20) {
			t.Errorf("cut at %d", at)
		}
	}
}

// The delimiter is that of the rules, or else that of the file's name.
func TestScanDelimiter(t *testing.T) {
	const text = "a\tb;c\n\"1\n2\"\t3;4\n5\t6;7\n" // quoted only where a tab is the delimiter
	f, u := entryOf(t, "a.tsv", text)
	if err := scan(t.Context(), &u, f, engine.Config{}, 1); err != nil || !u.File.Scanned {
		t.Errorf("got %v, %v", u.File.Boundaries, err)
	}
	f, u = entryOf(t, "a.tsv", text)
	if err := scan(t.Context(), &u, f, engine.Config{Dialect: parser.Dialect{Delimiter: ";"}}, 1); err == nil || u.File.Scanned {
		t.Errorf("got %v, %v", u.File.Boundaries, err)
	}
}

// A file need not have the columns that are counted, nor more than one column.
func TestScanOfOneColumn(t *testing.T) {
	f, u := entryOf(t, "a.csv", "a\n1\n2\n")
	if err := scan(t.Context(), &u, f, engine.Config{}, 1); err != nil || !u.File.Scanned {
		t.Errorf("got %v, %v", u.File, err)
	}
}

func TestScanFails(t *testing.T) {
	f, u := entryOf(t, "a.csv", "a,b\n\"1,2\n")
	if err := scan(t.Context(), &u, f, engine.Config{}, 1); !errors.Is(err, parser.ErrUnclosedQuote) || u.File.Scanned {
		t.Errorf("malformed: got %v", err)
	}
	f, u = entryOf(t, "a.csv", "a,b\n1,2\n")
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := scan(stopped, &u, f, engine.Config{}, 1); !errors.Is(err, context.Canceled) || u.File.Scanned {
		t.Errorf("stopped: got %v", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		t.Fatal(err)
	}
	if err := scan(t.Context(), &u, f, engine.Config{}, 1); err == nil || u.File.Scanned {
		t.Errorf("gone: got %v", err)
	}
	whole := Entry{File: &File{Cuts: Cuts{Whole: true}}}
	if err := Scan(t.Context(), &whole, f, engine.Config{}); err != nil || whole.File.Scanned {
		t.Errorf("compressed: got %v, %v", whole.File, err)
	}
}

// Scans leave no file open, whether they succeed or fail.
func TestFilesAreClosed(t *testing.T) {
	good, u := entryOf(t, "a.csv", "a,b\n1,2\n")
	bad, _ := entryOf(t, "a.csv", "a,b\n\"1,2\n")
	descriptors.Check(t)
	for _, f := range []*sources.File{good, bad} {
		_ = scan(t.Context(), &u, f, engine.Config{}, 1)
	}
}
