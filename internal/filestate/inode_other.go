//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris)

package filestate

import (
	"io/fs"
	"time"
)

// inodeOf returns zeros: the system reports neither an inode number nor a
// change time.
func inodeOf(fs.FileInfo) (number uint64, changed time.Time) { return 0, time.Time{} }
