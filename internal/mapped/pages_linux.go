//go:build linux && !purego

package mapped

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Available reports whether this system and this build can map files.
const Available = true

var pageSize = int64(syscall.Getpagesize())

// mapPages maps pages of a file and populates them, except for the first unused
// bytes. With an error of populating it also returns the memory.
func mapPages(fd int, from int64, size, unused int) ([]byte, error) {
	memory, err := unix.Mmap(fd, from, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return memory, unix.Madvise(memory[unused:], unix.MADV_POPULATE_READ)
}

// canPopulate reports whether populating can succeed after it has failed with
// err. Systems before Linux 5.14 do not implement it.
func canPopulate(err error) bool { return err != unix.EINVAL }

func unmap(memory []byte) error { return unix.Munmap(memory) }
