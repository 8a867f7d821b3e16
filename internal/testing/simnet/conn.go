package simnet

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
)

// clientEnd is the client's end of a connection. Unlike a pipe, and like TCP,
// it reports a reset as an error.
type clientEnd struct {
	net.Conn
	broken *atomic.Bool // the server has reset the connection
}

// serverEnd is the server's end.
type serverEnd struct {
	net.Conn
	broken *atomic.Bool
}

func pipe() (clientEnd, serverEnd) {
	client, server := net.Pipe()
	broken := new(atomic.Bool)
	return clientEnd{client, broken}, serverEnd{server, broken}
}

func (c clientEnd) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == io.EOF && c.broken.Load() {
		err = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return n, err
}

func (c clientEnd) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if errors.Is(err, io.ErrClosedPipe) {
		err = &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}
	}
	return n, err
}

// reset resets the connection. The next Read of the client fails.
func (s serverEnd) reset() {
	s.broken.Store(true)
	_ = s.Conn.Close() // closing a pipe does not fail
}
