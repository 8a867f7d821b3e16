//go:build unix

package resources

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Usage returns the processor time of this process and the largest size of its
// resident memory in bytes. Unknown values are 0.
func Usage() (cpu time.Duration, peak int64) {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	peak = int64(u.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" { // which count bytes
		peak *= 1024
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), peak
}
