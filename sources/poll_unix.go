//go:build unix

package sources

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const canPoll = true

// readable waits for at most d until f can be read without blocking, and
// reports whether it can. It returns true if polling fails, so that Read
// returns the error.
func readable(f *os.File, d time.Duration) (ok bool) {
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
