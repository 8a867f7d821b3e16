package httpconn

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fastcount/internal/testing/patience"
)

// everFast makes all connections fast for the time of a test.
func everFast(t *testing.T) {
	before := fastTime
	fastTime = math.MaxInt64
	t.Cleanup(func() { fastTime = before })
}

// batchOf returns the size of the batches that reads of conn wait for.
func batchOf(t *testing.T, conn *meteredConn) (n int) {
	raw, err := conn.Conn.(*net.TCPConn).SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) { n, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT) }))
	check(t, err)
	return n
}

// pass sends n bytes and reads them.
func pass(t *testing.T, client, server net.Conn, n int) {
	t.Helper()
	go func() { _, _ = server.Write(make([]byte, n)) }()
	_, err := io.ReadFull(client, make([]byte, n))
	check(t, err)
}

// TestBatches reads a body whose server pauses.
func TestBatches(t *testing.T) {
	everFast(t)
	client, server := connected(t)
	pass(t, client, server, 2*fastBytes)
	if n := batchOf(t, client); n != 1 {
		t.Errorf("a batch of %d bytes without a body", n)
	}
	client.expect(4*fastBytes + batchMargin)
	pass(t, client, server, fastBytes)
	if n := batchOf(t, client); !client.on || n < batchSize {
		t.Errorf("a batch of %d bytes after %d", n, fastBytes)
	}
	var waited time.Duration
	for client.on { // until bytes have not arrived before Read is called
		begin := time.Now()
		pass(t, client, server, 9)
		waited = time.Since(begin)
	}
	if n := batchOf(t, client); waited < batchTime || n != 1 {
		t.Errorf("after an incomplete batch, for which Read waited %v: a batch of %d bytes", waited, n)
	}
	pass(t, client, server, fastBytes)
	if !client.on {
		t.Error("no more batches after an incomplete one")
	}
	pass(t, client, server, 2*fastBytes-batchSize)
	if n := batchOf(t, client); client.on || n != 1 {
		t.Errorf("a batch of %d bytes when less is left", n)
	}
	time.Sleep(3 * batchTime) // no deadline remains
	pass(t, client, server, batchSize+batchMargin)
}

// TestSlowConnectionsHaveNoBatches reads from a connection that is not fast,
// first or any more.
func TestSlowConnectionsHaveNoBatches(t *testing.T) {
	everFast(t)
	client, server := connected(t)
	client.expect(math.MaxInt64)
	pass(t, client, server, fastBytes)
	fastTime = 0
	pass(t, client, server, fastBytes)
	if client.on {
		t.Error("batches after a slow piece")
	}
	pass(t, client, server, 2*fastBytes)
	if client.on {
		t.Error("batches of a slow connection")
	}
}

// large is a body for which batches are used.
var large = bytes.Repeat([]byte(text), 16<<20/len(text))

// sendLarge responds with large, in which pause is called after n bytes. It
// keeps the connection for after.
func sendLarge(n int, pause func(conn net.Conn) bool, after func(conn net.Conn)) func(net.Conn, *bufio.Reader) {
	return func(conn net.Conn, requests *bufio.Reader) {
		_, _ = requests.ReadString('\n')
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(large))
		_, _ = conn.Write(large[:n])
		if pause(conn) {
			_, _ = conn.Write(large[n:])
			after(conn)
		}
	}
}

// overTLS returns a server for the connections of serve, and a transport that
// trusts it.
func overTLS(t *testing.T, secure bool, serve func(net.Conn, *bufio.Reader)) (address string, c *Transport) {
	var config *tls.Config
	c = newTransport(t, nil)
	if secure {
		s := httptest.NewTLSServer(nil)
		config = s.TLS
		trust(c, s)
		s.Close()
	}
	address = tcpServer(t, func(conn *net.TCPConn, requests *bufio.Reader, _ int) {
		if !secure {
			serve(conn, requests)
			return
		}
		wrapped := tls.Server(conn, config)
		defer wrapped.Close()
		serve(wrapped, bufio.NewReader(wrapped))
	})
	if secure {
		address = "https" + strings.TrimPrefix(address, "http")
	}
	return address, c
}

// TestPausesWithinBatches has servers pause, continue slowly, and end within a
// batch: nothing is missing, and errors come as soon as without batches.
func TestPausesWithinBatches(t *testing.T) {
	everFast(t)
	const n = 9<<20 + 1
	hold := make(chan bool)
	t.Cleanup(func() { close(hold) })
	for name, test := range map[string]struct {
		pause func(conn net.Conn, limit time.Duration) bool
		want  error
	}{
		"none":    {func(net.Conn, time.Duration) bool { return true }, nil},
		"a pause": {func(_ net.Conn, limit time.Duration) bool { time.Sleep(limit / 10); return true }, nil},
		"slow": {func(conn net.Conn, limit time.Duration) bool {
			for i := range 8 { // in total longer than the limit
				_, _ = conn.Write(large[n+4000*i:][:4000])
				time.Sleep(limit / 5)
			}
			return false
		}, io.ErrUnexpectedEOF},
		"the end": {func(net.Conn, time.Duration) bool { return false }, io.ErrUnexpectedEOF},
		"a stall": {func(net.Conn, time.Duration) bool { <-hold; return false }, ErrStalled},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, TLS: %v", name, secure), func(t *testing.T) {
				t.Parallel()
				patience.Retry(t, func(scale time.Duration) error {
					pause := func(conn net.Conn) bool { return test.pause(conn, scale*time.Second) }
					address, c := overTLS(t, secure, sendLarge(n, pause, func(net.Conn) {}))
					c.IdleTimeout = scale * time.Second
					_, got, err := get(t, c, new(Exchange), address)
					if !errors.Is(err, test.want) {
						return fmt.Errorf("got %v, want %v", err, test.want)
					}
					if len(got) < n || err == nil && len(got) != len(large) || !bytes.HasPrefix(large, []byte(got)) {
						return fmt.Errorf("%d bytes, and not what was sent", len(got))
					}
					return nil
				})
			})
		}
	}
}

// TestDataOnAnIdleConnectionAfterBatches: batches do not delay what closes an
// idle connection.
func TestDataOnAnIdleConnectionAfterBatches(t *testing.T) {
	everFast(t)
	for _, secure := range []bool{false, true} {
		received := make(chan bool)
		address, c := overTLS(t, secure, sendLarge(1, func(net.Conn) bool { return true }, func(conn net.Conn) {
			<-received
			_, _ = io.WriteString(conn, "x")
			<-received
		}))
		_, got, err := get(t, c, new(Exchange), address)
		check(t, err)
		if got != string(large) {
			t.Errorf("got %d bytes, and not what was sent", len(got))
		}
		if idle(c) != 1 {
			t.Errorf("TLS: %v: the connection was not kept", secure)
		}
		received <- true
		waitForNoIdle(t, c)
		close(received)
	}
}
