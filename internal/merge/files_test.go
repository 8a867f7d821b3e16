package merge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
	"fastcount/internal/testing/descriptors"
)

// A partial result that is truncated anywhere is refused.
func TestCutShort(t *testing.T) {
	files := tenths(t, nil)
	text, err := os.ReadFile(files[4])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for at := bytes.IndexByte(text, '\n') + 1; at < len(text); at++ {
		write(t, files[4], text[:at])
		s, err := Open(files)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := s.Report(engine.Limits{}); r != nil || !errors.Is(err, partial.ErrCorrupt) || !strings.Contains(err.Error(), files[4]) {
			t.Fatalf("at byte %d: got %v, %v", at, r, err)
		}
		if err := s.ToPartial(atomicfile.OS{}, filepath.Join(dir, "sum"), dir); !errors.Is(err, partial.ErrCorrupt) || !strings.Contains(err.Error(), files[4]) {
			t.Fatalf("at byte %d, to a partial result: got %v", at, err)
		}
	}
}

// needFiles skips a test where n more files cannot be open at the same time.
func needFiles(t *testing.T, n int) {
	t.Helper()
	for range n {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Skip(err)
		}
		defer f.Close()
	}
}

// More files than are merged at once are merged through temporary files, which
// are removed, also after an error.
func TestManyFiles(t *testing.T) {
	needFiles(t, fanIn+16)
	for _, n := range []int{fanIn, fanIn + 1, 2*fanIn + 2} {
		dir, out := t.TempDir(), t.TempDir()
		var files []string
		for i := range n {
			head := partial.Header{Job: "w", Covers: []partial.Interval{{int64(i), int64(i + 1)}}, Total: int64(n)}
			files = append(files, save(t, filepath.Join(dir, fmt.Sprint(i, Suffix)), head, []partial.Part{part(fmt.Sprint(i), 2)},
				pair{"P", "e", 1}, pair{fmt.Sprintf("Q%05d", i), "e", 1}))
		}
		s, err := Open(files)
		if err != nil {
			t.Fatal(err)
		}
		sum := filepath.Join(out, "sum")
		if err := s.ToPartial(atomicfile.OS{}, sum, out); err != nil {
			t.Fatal(err)
		}
		if entries, err := os.ReadDir(out); err != nil || len(entries) != 1 {
			t.Errorf("there are %v, %v", entries, err)
		}
		r, err := report([]string{sum})
		if err != nil || r.Rows != uint64(2*n) || len(r.Keys[0]) != n+1 || len(r.Parts) != n || r.Parts[n-1].Name != fmt.Sprint(n-1) {
			t.Errorf("%d files: got %v", n, err)
		}
		text, err := os.ReadFile(files[n-1])
		if err != nil {
			t.Fatal(err)
		}
		write(t, files[n-1], text[:len(text)-1])
		if err := os.Remove(sum); err != nil {
			t.Fatal(err)
		}
		if err := s.ToPartial(atomicfile.OS{}, sum, out); !errors.Is(err, partial.ErrCorrupt) || !strings.Contains(err.Error(), files[n-1]) {
			t.Errorf("%d files: got %v", n, err)
		}
		if entries, err := os.ReadDir(out); err != nil || len(entries) != 0 {
			t.Errorf("after an error there are %v, %v", entries, err)
		}
	}
}

// Files that are removed between Open and the merge are an error, and so is a
// missing directory for temporary files.
func TestFilesThatAreGone(t *testing.T) {
	dir := t.TempDir()
	files := tenths(t, nil)
	s, err := Open(files)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(files[5]); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Report(engine.Limits{}); r != nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, %v", r, err)
	}
	if err := s.ToPartial(atomicfile.OS{}, filepath.Join(dir, "sum"), dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if s, err := Open(files); s != nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, %v", s, err)
	}
	if name, err := round(filepath.Join(dir, "none"), job(0), files[:1]); name != "" || err == nil {
		t.Errorf("got %q, %v", name, err)
	}
}

// An overlap is found wherever it is, and both files are named.
func TestOverlapIsNotAdded(t *testing.T) {
	files := tenths(t, nil)
	dir := t.TempDir()
	for i := range int64(9) {
		head := job(i)
		head.Covers = []partial.Interval{{10*i + 5, 10*i + 15}}
		overlap := save(t, filepath.Join(dir, fmt.Sprint(i, Suffix)), head, []partial.Part{part("x", 1)}, pair{"P", "e", 1})
		_, _, errs := added(t, append(files, overlap), engine.Limits{})
		for _, err := range errs {
			if !errors.Is(err, ErrOverlap) || !strings.Contains(err.Error(), files[i]+" and "+overlap) {
				t.Errorf("got %v", err)
			}
		}
		s, err := Open(append(files, overlap))
		if err != nil {
			t.Fatal(err)
		}
		if gaps, err := s.Gaps(); !errors.Is(err, ErrOverlap) {
			t.Errorf("got %v, %v", gaps, err)
		}
	}
}

func TestFindRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "a"+Suffix), 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := Find([]string{dir}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a directory of that name: got %v, %v", got, err)
	}
	file := filepath.Join(dir, "b"+Suffix)
	write(t, file, nil)
	if got, err := Find([]string{dir, filepath.Join(dir, "none")}); got != nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, %v", got, err)
	}
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		return // may read everything
	}
	if err := os.Chmod(dir, 0o300); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	if got, err := Find([]string{dir}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("a directory that cannot be read: got %v, %v", got, err)
	}
}

// Merging leaves no file open, with or without an error.
func TestFilesAreClosed(t *testing.T) {
	files := tenths(t, nil)
	corrupt := slices.Clone(files)
	corrupt[4] = filepath.Join(t.TempDir(), "x")
	text, err := os.ReadFile(files[4])
	if err != nil {
		t.Fatal(err)
	}
	write(t, corrupt[4], text[:len(text)-1])
	beginning := slices.Clone(files)
	beginning[4] = filepath.Join(t.TempDir(), "y")
	descriptors.Check(t)
	for range 2 {
		for _, set := range [][]string{files, corrupt, append(slices.Clone(files), files[0])} {
			added(t, set, engine.Limits{})
		}
		if _, err := Open(files); err != nil {
			t.Fatal(err)
		}
		write(t, beginning[4], text[:10])
		if err := mergeFiles(io.Discard, job(0), beginning); !errors.Is(err, partial.ErrCorrupt) {
			t.Errorf("got %v", err)
		}
		if _, err := Open(beginning); err == nil {
			t.Error("no error")
		}
		dir := t.TempDir()
		if _, err := round(dir, job(0), files); err != nil {
			t.Error(err)
		}
	}
}
