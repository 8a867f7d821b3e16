//go:build unix

package sources

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFIFOErrors opens a FIFO when nobody waits for it any more, and when it is gone.
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

// TestFIFO counts on a FIFO being opened once: a second opening would take the first bytes, or wait for ever.
func TestFIFO(t *testing.T) {
	for name, data := range map[string][]byte{"plain": []byte(csvText), "gzip": gz(t, csvText)} {
		path := filepath.Join(t.TempDir(), "fifo")
		check(t, syscall.Mkfifo(path, 0o600))
		f := newFile(t, path)
		if _, ok := f.Size(); ok {
			t.Error("a FIFO cannot be split")
		}
		written := make(chan error, 1)
		go func() { written <- os.WriteFile(path, data, 0) }()
		if got, err := readPart(t, f); got != csvText || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		check(t, <-written)
		check(t, f.Check())
	}
}
