//go:build unix

package httpconn

import (
	"bufio"
	"net"
	"syscall"
	"testing"
	"time"

	"fastcount/internal/interrupt"
)

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
		for !interrupt.Arrived(client.Conn.(syscall.Conn)) {
			// It has not arrived yet, or was read by that goroutine, which
			// closes the connection.
			time.Sleep(time.Millisecond)
		}
		if taken := p.take(n.route); taken != nil {
			t.Fatal("a connection on which data has arrived was taken")
		}
	}
}
