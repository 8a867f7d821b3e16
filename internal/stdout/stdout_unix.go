//go:build unix

package stdout

import (
	"os"

	"golang.org/x/sys/unix"
)

// accessOf returns how f is open.
func accessOf(f *os.File) access {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	if err != nil {
		return unknownAccess
	}
	switch flags & unix.O_ACCMODE {
	case unix.O_RDONLY:
		return readOnly
	case unix.O_WRONLY:
		return writeOnly
	case unix.O_RDWR:
		return readAndWrite
	}
	return unknownAccess
}
