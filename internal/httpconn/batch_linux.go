package httpconn

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// setBatch sets the number of bytes that must have arrived before a read that
// waits continues. It also continues when the receive window is full, and when
// the connection ends.
func setBatch(conn syscall.RawConn, n int) (err error) {
	if failed := conn.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, n) }); failed != nil {
		return failed
	}
	return err
}
