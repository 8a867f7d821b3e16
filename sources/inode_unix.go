//go:build unix

package sources

import (
	"io/fs"
	"syscall"
)

// fileNumber returns the number of a file's inode.
func fileNumber(info fs.FileInfo) (uint64, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return uint64(stat.Ino), true // which is narrower on some systems
}
