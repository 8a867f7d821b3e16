//go:build unix

package sources

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fastcount/internal/glob"
)

// TestFIFOErrors opens a FIFO after its context ended, and after it was
// removed.
func TestFIFOErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	check(t, syscall.Mkfifo(path, 0o600))
	f := newFile(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Open(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	check(t, os.Remove(path))
	if _, err := f.Open(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
}

// TestFIFO requires that a FIFO is opened once: a second open would consume the
// first bytes, or block forever.
func TestFIFO(t *testing.T) {
	for name, data := range map[string][]byte{"plain": []byte(csvText), "gzip": gz(t, csvText)} {
		path := filepath.Join(t.TempDir(), "fifo")
		check(t, syscall.Mkfifo(path, 0o600))
		f := newFile(t, path)
		if f.Info().SizeKnown {
			t.Error("a FIFO cannot be split")
		}
		written := make(chan error, 1)
		go func() { written <- os.WriteFile(path, data, 0) }()
		if got, err := readPart(t, f); got != csvText || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		check(t, <-written)
	}
}

// TestManyMatches has a glob match many files, which are examined concurrently:
// their order is that of the names, and the error is that of the first which
// cannot be used.
func TestManyMatches(t *testing.T) {
	dir := t.TempDir()
	path := func(i int) string { return filepath.Join(dir, fmt.Sprintf("%05d.csv", i)) }
	const n = 5*perExaminer + 7
	for i := range n {
		check(t, os.WriteFile(path(i), []byte(csvText), 0o600))
	}
	found, err := Resolve([]string{dir + "/*.csv"}, nil, LocalOptions{})
	check(t, err)
	for i, s := range found {
		if s.Name != path(i) {
			t.Fatalf("source %d is %s", i, s.Name)
		}
	}
	if len(found) != n {
		t.Errorf("%d sources of %d files", len(found), n)
	}
	for _, i := range []int{n - 1, 3*perExaminer + 5, 3*perExaminer + 4, perExaminer, perExaminer - 1, 0} {
		check(t, os.Remove(path(i)))
		check(t, syscall.Mkfifo(path(i), 0o600))
		_, err := Resolve([]string{dir + "/*.csv"}, nil, LocalOptions{})
		if !errors.Is(err, ErrNotRegular) || !strings.HasPrefix(err.Error(), path(i)+": ") {
			t.Errorf("got %v, want that of %s", err, path(i))
		}
	}
}

// TestGlobRefusesFIFO rejects a FIFO that a glob matches. One that is named is
// read.
func TestGlobRefusesFIFO(t *testing.T) {
	tree(t, "d/a.csv", "d/e/b.csv")
	check(t, syscall.Mkfifo("d/fifo", 0o600))
	check(t, os.Symlink(filepath.Join("..", "fifo"), "d/e/link"))
	for pattern, name := range map[string]string{"d/*": "d/fifo", "d/{fif,}o*": "d/fifo", "d/e/**": "d/e/link", "**": "d/e/link"} {
		_, err := Resolve([]string{pattern}, nil, LocalOptions{})
		if !errors.Is(err, ErrNotRegular) || !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), name+": ") || !strings.Contains(err.Error(), "FIFO") {
			t.Errorf("%s: got %v", pattern, err)
		}
	}
	found, err := Resolve([]string{"d/fifo", "d/a*"}, nil, LocalOptions{})
	check(t, err)
	if len(found) != 2 {
		t.Errorf("got %v", found)
	}
}

// TestGlobRefusesSocket rejects a socket, which cannot be opened.
func TestGlobRefusesSocket(t *testing.T) {
	tree(t, "a.csv")
	l, err := net.Listen("unix", "socket")
	check(t, err)
	defer l.Close()
	if _, err := Resolve([]string{"./*"}, nil, LocalOptions{}); !errors.Is(err, ErrNotRegular) || !strings.Contains(err.Error(), "a socket") {
		t.Errorf("got %v", err)
	}
}

// TestFileThatBecameAFIFO: a FIFO that has taken the place of a file since its
// directory was listed is reported, not waited for.
func TestFileThatBecameAFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	check(t, syscall.Mkfifo(path, 0o600))
	if _, err := matchedFiles("*.csv", []glob.Match{{Path: path}}, LocalOptions{}); !errors.Is(err, ErrNotRegular) {
		t.Errorf("got %v", err)
	}
}
