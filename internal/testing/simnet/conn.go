package simnet

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
)

// clientEnd is the client's end of a connection. It tells a reset from an orderly end, as TCP does and a pipe does not.
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

// reset ends the connection with a reset: what the client has read stays read, and its next Read fails.
func (s serverEnd) reset() {
	s.broken.Store(true)
	_ = s.Conn.Close() // a pipe's never fails
}
