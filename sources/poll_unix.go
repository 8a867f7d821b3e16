//go:build unix

package sources

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const canPoll = true

// readable waits until a Read of f would not wait, but no longer than d, and returns false if it would still. Where
// that cannot be found out it returns true, and the Read itself tells what is wrong.
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
