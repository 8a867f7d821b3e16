//go:build darwin || freebsd || netbsd

package filestate

import (
	"io/fs"
	"syscall"
	"time"
)

// inodeOf returns the inode number of a file and its change time, or zeros
// where info has none.
func inodeOf(info fs.FileInfo) (number uint64, changed time.Time) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, time.Time{}
	}
	return uint64(stat.Ino), time.Unix(stat.Ctimespec.Unix()) // Ino is narrower on some systems
}
