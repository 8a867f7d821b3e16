//go:build !purego

package mapped

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const slack = 320

// create returns an open file of n random bytes.
func create(t *testing.T, n int) (*os.File, []byte) {
	t.Helper()
	content := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	if _, err := file.Write(content); err != nil {
		t.Fatal(err)
	}
	return file, content
}

// needPopulate skips a test of windows where the system cannot populate a
// mapping: Linux before 5.14, and gVisor.
func needPopulate(t *testing.T) {
	t.Helper()
	memory, err := unix.Mmap(-1, 0, 1, unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(memory) }()
	if unix.Madvise(memory, unix.MADV_POPULATE_READ) == unix.EINVAL {
		t.Skip("the system does not have MADV_POPULATE_READ")
	}
}

// open returns the windows of a file before the offset end. Reading is so slow
// that windows are always used.
func open(t *testing.T, file *os.File, end int64) *Windows {
	t.Helper()
	needPopulate(t)
	conn, err := file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	w := New(conn, info.Size(), end, slack)
	w.guard = true
	for range minReads {
		w.Copied(minCopied, time.Hour)
	}
	t.Cleanup(func() {
		if err := w.Unmap(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// mappings returns the number of mappings of a file, and their size in bytes.
func mappings(t *testing.T, file *os.File) (n int, size int64) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if !strings.Contains(line, file.Name()) {
			continue
		}
		var from, to int64
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			t.Fatal(err)
		}
		n, size = n+1, size+to-from
	}
	return n, size
}

// Consecutive windows hold the bytes of the file and slack, wherever they begin
// and however many bytes of the last one are needed again. One is mapped at a
// time, and only the end of the file is left to read(2).
func TestWindows(t *testing.T) {
	const size = 9<<20 + 12345
	file, content := create(t, size)
	for _, end := range []int64{size, 7<<20 + 1} {
		for _, start := range []int64{0, 1, 4095, 4096, windowSize - minWindow, windowSize - 1, windowSize, windowSize + 1, 5<<20 + 77} {
			for _, unread := range []int64{0, 1, 50, 4096, 100_000, 1 << 20} {
				w := open(t, file, end)
				next := start
				for {
					from := max(start, next-unread)
					data := w.Map(from, next)
					if data == nil {
						break
					}
					if !bytes.Equal(data, content[from:from+int64(len(data))]) || from+int64(len(data)) > end {
						t.Fatalf("start %d, unread %d: wrong bytes in the window at %d", start, unread, from)
					}
					for _, c := range data[len(data) : len(data)+slack] {
						_ = c
					}
					if n, bytes := mappings(t, file); n != 1 || bytes > windowSize+minWindow+unread+2*pageSize {
						t.Fatalf("start %d, unread %d: %d mappings of %d bytes", start, unread, n, bytes)
					}
					next = from + int64(len(data))
				}
				if left := end - next; left >= minWindow+slack+pageSize {
					t.Fatalf("start %d, unread %d: the last %d bytes are not in windows", start, unread, left)
				}
				if n, _ := mappings(t, file); n != 0 {
					t.Fatalf("%d mappings after the last window", n)
				}
			}
		}
	}
}

// Small files and byte ranges have no windows.
func TestNoWindows(t *testing.T) {
	file, _ := create(t, minWindow)
	if data := open(t, file, minWindow).Map(0, 0); data != nil {
		t.Errorf("small file: a window of %d bytes", len(data))
	}
	file, _ = create(t, 1<<20)
	if data := open(t, file, minWindow-1).Map(0, 0); data != nil {
		t.Errorf("small range: a window of %d bytes", len(data))
	}
	file, _ = create(t, 3*windowSize)
	w := open(t, file, 3*windowSize)
	if data := w.Map(0, windowSize+1); data != nil {
		t.Errorf("many bytes that were returned before: a window of %d bytes", len(data))
	}
	if w.Map(0, windowSize) == nil {
		t.Error("no window of windowSize bytes that were returned before")
	}
	var none *Windows
	none.Copied(1, 1)
	if none.Map(0, 0) != nil || none.Unmap() != nil {
		t.Error("windows of nothing")
	}
	want := errors.New("x")
	if err := none.Guard(func() error { return want }, nil); err != want {
		t.Errorf("got %v", err)
	}
}

// A file that is cut before its window is mapped has no window: populating
// fails. It is tried again later.
func TestCutBeforeWindow(t *testing.T) {
	file, _ := create(t, 32<<20)
	w := open(t, file, 32<<20)
	if err := file.Truncate(1 << 20); err != nil {
		t.Fatal(err)
	}
	if data := w.Map(2<<20, 2<<20); data != nil {
		t.Fatalf("a window of %d bytes after the end", len(data))
	}
	if err := file.Truncate(32 << 20); err != nil {
		t.Fatal(err)
	}
	if w.Map(2<<20, 2<<20) != nil {
		t.Error("a window at the place that failed")
	}
	if data := w.Map(16<<20, 16<<20); data == nil {
		t.Error("no window later")
	}
}

// Systems that cannot map a file, or cannot populate it, are not asked again.
func TestUnsupported(t *testing.T) {
	file, _ := create(t, 32<<20)
	for _, tt := range []struct {
		name   string
		memory []byte
		err    error
		again  bool
	}{
		{"mmap", nil, unix.ENODEV, false},
		{"madvise before Linux 5.14", make([]byte, 1), unix.EINVAL, false},
		{"page that cannot be read", make([]byte, 1), unix.EFAULT, true},
	} {
		w := open(t, file, 32<<20)
		calls := 0
		w.mapNext = func(uintptr) {
			calls++
			w.mapError = tt.err
			if tt.memory != nil {
				w.memory, _ = unix.Mmap(-1, 0, 4096, unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
			}
		}
		if w.Map(0, 0) != nil || w.Map(16<<20, 16<<20) != nil {
			t.Errorf("%s: a window", tt.name)
		}
		if (calls == 2) != tt.again {
			t.Errorf("%s: %d calls", tt.name, calls)
		}
	}
}

// There are windows only within a call of Guard.
func TestOnlyWithinGuard(t *testing.T) {
	file, _ := create(t, 4<<20)
	w := open(t, file, 4<<20)
	w.guard = false
	windows := 0
	mapOne := func() error {
		if w.Map(0, 0) != nil {
			windows++
		}
		return nil
	}
	_ = mapOne()
	_ = w.Guard(mapOne, nil)
	_ = mapOne()
	if windows != 1 {
		t.Errorf("%d windows", windows)
	}
}

// readers are ways in which code reads a window.
var readers = map[string]func(data []byte) error{
	"loop": func(data []byte) error {
		sum := byte(0)
		for _, c := range data {
			sum += c
		}
		return fmt.Errorf("sum %d", sum)
	},
	"assembly": func(data []byte) error {
		return fmt.Errorf("count %d", bytes.Count(data, []byte("\n")))
	},
	"copy": func(data []byte) error {
		return fmt.Errorf("copied %d", copy(make([]byte, len(data)), data))
	},
	"digest": func(data []byte) error {
		return fmt.Errorf("digest %x", sha256.Sum256(data))
	},
}

// A file that is cut while a window is read fails with an error that names the
// first byte that is missing, again and again in one process.
func TestCutInWindow(t *testing.T) {
	for name, read := range readers {
		for i := range 20 {
			file, _ := create(t, 4<<20)
			w := open(t, file, 4<<20)
			data := w.Map(100, 100)
			cut := int64(8192 + 50_000*i)
			if err := file.Truncate(cut); err != nil {
				t.Fatal(err)
			}
			want := errors.New("cut")
			at := int64(-2)
			err := w.Guard(func() error { return read(data) }, func(offset int64) error {
				at = offset
				return want
			})
			first := roundUp(cut, pageSize)
			if err != want || at < first || name == "loop" && at != first {
				t.Fatalf("%s: got %v at %d, want %d", name, err, at, first)
			}
		}
	}
}

// Without a fault, Guard returns the error of the function.
func TestGuard(t *testing.T) {
	file, _ := create(t, 4<<20)
	w := open(t, file, 4<<20)
	data := w.Map(0, 0)
	for name, read := range readers {
		err := w.Guard(func() error { return read(data) }, func(int64) error { return errors.New("explained") })
		if err == nil || err.Error() == "explained" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := w.Guard(func() error { return nil }, nil); err != nil {
		t.Errorf("got %v", err)
	}
}

// panics calls Guard and returns the value with which it panics, and its error.
func panics(w *Windows, f func() error, explain func(int64) error) (value any, err error) {
	defer func() { value = recover() }()
	return nil, w.Guard(f, explain)
}

// Panics other than a fault in the window become errors only if the file
// explains them. Faults at other addresses are never explained.
func TestOtherPanics(t *testing.T) {
	file, _ := create(t, 4<<20)
	w := open(t, file, 4<<20)
	w.Map(0, 0)
	changed := errors.New("changed")
	explain := func(at int64) error {
		if at != -1 {
			t.Errorf("explain is called with %d", at)
		}
		return changed
	}
	unknown := func(int64) error { return nil }
	bounds := func() error { return fmt.Errorf("%d", []int{1, 2}[len(file.Name())]) }
	null := func() error { return fmt.Errorf("%s", (*struct{ text string })(nil).text) }
	for name, f := range map[string]func() error{"bounds": bounds, "nil": null} {
		if p, err := panics(w, f, explain); p != nil || err != changed {
			t.Errorf("%s in a changed file: got panic %v, error %v", name, p, err)
		}
		p, _ := panics(w, f, unknown)
		if _, ok := p.(runtime.Error); !ok {
			t.Errorf("%s: got panic %v", name, p)
		}
	}
	other, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(other) }()
	elsewhere := func() error { return fmt.Errorf("%d", other[5]) }
	never := func(int64) error { t.Error("explain is called"); return changed }
	if p, err := panics(w, elsewhere, never); p == nil {
		t.Errorf("a fault at another address: got error %v", err)
	}
	stale := w.Map(0, 0)
	if err := w.Unmap(); err != nil {
		t.Fatal(err)
	}
	if p, err := panics(w, func() error { return fmt.Errorf("%d", stale[5]) }, never); p == nil {
		t.Errorf("a fault in a window that has ended: got error %v", err)
	}
}
