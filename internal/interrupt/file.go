// Package interrupt reads files with a context. A read that waits for data
// returns when the context ends, with the error of the context.
//
// How a read is interrupted depends on the file and on the system. A deadline
// interrupts reads of what the poller of the Go runtime accepts: sockets, most
// pipes that the program has opened, and some files of special file systems.
// On Unix, other pipes and terminals are polled until they have data.
// Elsewhere, and for readers that are not files, the read that follows the end
// of the context fails. A read from which the kernel does not return, as for a
// file server that cannot be reached, is not interrupted.
package interrupt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// maxSilence is the longest time for which a regular file may have no data to
// read.
const maxSilence = 60 * time.Second

// errSilent is returned for a regular file that had no data to read for
// maxSilence, before its end.
var errSilent = errors.New("the file system has no data and does not report the end of the file")

// Open opens a file that was regular when it was last seen, for [NewFile]. If
// it is a FIFO now, Open does not wait for a writer.
func Open(path string) (*os.File, error) {
	// Regular files on most file systems ignore the mode nonblock; Read handles
	// the others.
	file, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if errors.Is(err, syscall.EAGAIN) { // another process holds a lease on it
		return os.Open(path)
	}
	return file, err
}

// File reads a regular file. When a read returns EAGAIN, the Go runtime waits
// until the file is ready, if its poller accepts the file. It accepts some
// regular files, on FUSE and in /proc, that may never become ready.
type File struct {
	ctx     context.Context // interrupts a wait, but not a read in the kernel
	file    *os.File
	silence time.Duration
	polled  bool // the runtime may wait for the file
	stop    func() bool
}

// NewFile returns a reader of a regular file that interrupts a wait for data
// when ctx ends, and after 60 seconds. Until it is closed, nothing else may set
// the deadline of the file.
func NewFile(ctx context.Context, file *os.File) *File {
	f := &File{ctx: ctx, file: file, silence: maxSilence, stop: func() bool { return true }}
	if f.polled = file.SetReadDeadline(time.Time{}) == nil; f.polled {
		f.stop = context.AfterFunc(ctx, func() { _ = file.SetReadDeadline(time.Unix(1, 0)) })
	}
	return f
}

// MayWait reports whether a read of the file may have to wait for data. So may
// a load from a mapping of it, which nothing interrupts.
func (f *File) MayWait() bool { return f.polled }

// Read reads from the offset of the file on. It returns the error of the
// context once that has ended, before any data.
func (f *File) Read(p []byte) (int, error) {
	if f.polled { // before the check of ctx, whose deadline must not be replaced
		if err := f.file.SetReadDeadline(time.Now().Add(f.silence)); err != nil {
			return 0, err
		}
	}
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := f.file.Read(p)
	if !f.polled && errors.Is(err, syscall.EAGAIN) { // such as for a file that must be fetched from tape
		if err := setBlocking(f.file); err != nil {
			return 0, err
		}
		n, err = f.file.Read(p)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%w (waited %v)", errSilent, f.silence)
		if f.ctx.Err() != nil {
			err = f.ctx.Err()
		}
	}
	return n, err
}

// Close releases the context. It does not close the file, and returns nil.
func (f *File) Close() error {
	f.stop()
	return nil
}
