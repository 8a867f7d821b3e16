//go:build unix

package checkpoint

import (
	"io/fs"
	"os"
	"syscall"
)

// hasOwners is true, because modes and owners show who can change a file.
const hasOwners = true

// noFollow are the flags to open a file that is not a symbolic link. Opening a
// FIFO does not wait.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// ownerOf returns the user to whom a file belongs.
func ownerOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return os.Geteuid()
}
