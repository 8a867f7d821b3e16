//go:build unix

package sources

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// A write(2) sets the times of a file when it begins and may store its bytes
// later. Stores through a mapping with dirty pages imitate a slow write: this
// one sets the times and stores its bytes 50 ms later, during a read that
// begins at once.
func TestWriteInProgress(t *testing.T) {
	const size = 64 << 10
	path := tempFile(t, "a.csv", bytes.Repeat([]byte("a"), size))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	check(t, err)
	mapped, err := unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	check(t, errors.Join(err, file.Close()))
	defer func() { check(t, unix.Munmap(mapped)) }()
	copy(mapped, bytes.Repeat([]byte("a"), size)) // makes the pages dirty

	synctest.Test(t, func(t *testing.T) {
		f := newFile(t, path)
		time.AfterFunc(50*time.Millisecond, func() { copy(mapped, bytes.Repeat([]byte("b"), size)) })
		s, err := f.Open(t.Context())
		check(t, err)
		letters := make(map[byte]bool)
		buf := make([]byte, size/10)
		for err == nil {
			var n int
			n, err = s.Read(buf)
			for _, b := range buf[:n] {
				letters[b] = true
			}
			time.Sleep(10 * time.Millisecond)
		}
		// If the system has cleaned the pages meanwhile, storing the bytes
		// changes the times.
		if len(letters) != 1 && !errors.Is(err, ErrChanged) {
			t.Errorf("it mixed two states, and returned %v", err)
		}
		if err := s.Close(); err != nil && !errors.Is(err, ErrChanged) {
			t.Error(err)
		}
	})
}
