//go:build unix

package interrupt

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const canPoll = true

// nonblock is the mode in which regular files are opened. The Go runtime would
// set it, and reset it for each file that its poller does not accept, which
// takes four system calls.
const nonblock = unix.O_NONBLOCK

// setBlocking makes reads of f wait for data.
func setBlocking(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var setErr error
	err = raw.Control(func(fd uintptr) { setErr = unix.SetNonblock(int(fd), false) })
	return errors.Join(err, setErr)
}

// readable waits for at most d until f, a file or a connection, can be read
// without blocking, and reports whether it can. It returns true if polling
// fails, so that Read returns the error.
func readable(f syscall.Conn, d time.Duration) (ok bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		return true
	}
	ok = true
	_ = raw.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(d.Milliseconds()))
		ok = n > 0 || err != nil && err != unix.EINTR
	})
	return ok
}
