//go:build unix

package sources

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
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

// TestInheritedPipe interrupts a Read of a pipe without deadlines.
func TestInheritedPipe(t *testing.T) {
	r, w := blockingPipe(t)
	_, err := io.WriteString(w, "patient_id")
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	s, err := NewStdin(r, LocalOptions{}).Open(ctx)
	check(t, err)
	checkInterrupted(t, s, cancel)
	check(t, s.Close())
}

// TestReadable polls an empty pipe, one with data, one at its end, and a closed
// file.
func TestReadable(t *testing.T) {
	r, w, err := os.Pipe()
	check(t, err)
	if readable(r, time.Millisecond) {
		t.Error("an empty pipe can be read")
	}
	_, err = w.Write([]byte("x"))
	check(t, err)
	if !readable(r, time.Millisecond) {
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
	r := newDeadlineReader(t.Context(), file)
	buf := make([]byte, 9)
	if n, err := r.Read(buf); string(buf[:n]) != "P1" || err != nil {
		t.Errorf("got %q, %v", buf[:n], err)
	}
}

// connected returns the ends of a TCP connection.
func connected(t *testing.T) (client *meteredConn, server net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	check(t, err)
	server, err = l.Accept()
	check(t, err)
	t.Cleanup(func() { conn.Close(); server.Close() })
	return &meteredConn{Conn: conn}, server
}

// TestUnseenDataOnAnIdleConnection has the server send an answer to nothing
// just before the connection is needed: the goroutine that watches it has not
// run yet.
func TestUnseenDataOnAnIdleConnection(t *testing.T) {
	for range 20 {
		client, server := connected(t)
		n := &conn{Conn: client, meter: client}
		n.in = bufio.NewReader(n)
		p := new(pool)
		p.put(n)
		_, err := server.Write([]byte("x"))
		check(t, err)
		for !readable(client.Conn.(syscall.Conn), time.Second) {
			// It has not arrived yet, or was read by that goroutine, which
			// closes the connection.
		}
		if taken := p.take(n.route); taken != nil {
			t.Fatal("a connection on which data has arrived was taken")
		}
	}
}
