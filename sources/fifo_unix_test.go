//go:build unix

package sources

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

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
