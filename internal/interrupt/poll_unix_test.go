//go:build unix

package interrupt

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// blockingPipe returns a pipe whose reading end does not support deadlines, as
// standard input from a shell.
func blockingPipe(t *testing.T) (r, w *os.File) {
	var fds [2]int
	check(t, syscall.Pipe(fds[:]))
	r, w = os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
	t.Cleanup(func() { check(t, errors.Join(r.Close(), w.Close())) })
	if r.SetReadDeadline(time.Time{}) == nil {
		t.Fatal("the pipe has deadlines")
	}
	return r, w
}

// TestPipe interrupts a Read of a pipe with deadlines, of one without, which is
// polled, and of another reader, whose next Read fails.
func TestPipe(t *testing.T) {
	inherited, inheritedEnd := blockingPipe(t)
	opened, openedEnd := waiting(t)
	for name, c := range map[string]struct {
		r io.Reader
		w io.Writer
	}{"inherited": {inherited, inheritedEnd}, "opened": {opened, openedEnd}} {
		_, err := io.WriteString(c.w, "P1")
		check(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		p := NewPipe(ctx, c.r)
		buf := make([]byte, 9)
		if n, err := p.Read(buf); string(buf[:n]) != "P1" || err != nil {
			t.Errorf("%s: got %q, %v", name, buf[:n], err)
		}
		time.AfterFunc(5*time.Millisecond, cancel)
		for range 2 {
			if n, err := p.Read(buf); n != 0 || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %d, %v", name, n, err)
			}
		}
		check(t, p.Close())
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := NewPipe(ctx, strings.NewReader("P1"))
	cancel()
	if n, err := p.Read(make([]byte, 9)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("got %d, %v", n, err)
	}
}

// TestReadable polls an empty pipe, one with data, one at its end, and a closed
// file.
func TestReadable(t *testing.T) {
	r, w, err := os.Pipe()
	check(t, err)
	if readable(r, time.Millisecond) || Arrived(r) {
		t.Error("an empty pipe can be read")
	}
	_, err = w.Write([]byte("x"))
	check(t, err)
	if !readable(r, time.Millisecond) || !Arrived(r) {
		t.Error("a byte cannot be read")
	}
	_, err = r.Read(make([]byte, 1))
	check(t, errors.Join(err, w.Close()))
	if !readable(r, time.Millisecond) {
		t.Error("the end cannot be read")
	}
	check(t, r.Close())
	if !readable(r, time.Millisecond) {
		t.Error("the error of a closed file cannot be read")
	}
}

// TestReadThatWouldBlock: a read that would block waits, although the poller of
// the runtime does not accept the file, as on file systems with tapes.
func TestReadThatWouldBlock(t *testing.T) {
	file, w := blockingPipe(t)
	raw, err := file.SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) { check(t, syscall.SetNonblock(int(fd), true)) }))
	if _, err := file.Read(make([]byte, 9)); !errors.Is(err, syscall.EAGAIN) {
		t.Fatalf("got %v", err)
	}
	time.AfterFunc(5*time.Millisecond, func() {
		_, err := io.WriteString(w, "P1")
		check(t, err)
	})
	r := NewFile(t.Context(), file)
	buf := make([]byte, 9)
	if n, err := r.Read(buf); string(buf[:n]) != "P1" || err != nil {
		t.Errorf("got %q, %v", buf[:n], err)
	}
}
