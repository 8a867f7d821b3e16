package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// deadlineReader reads a regular file with a deadline. When a read returns
// EAGAIN, the Go runtime waits until the file is ready, if its poller accepts
// the file. It accepts some regular files, on FUSE and in /proc, that may never
// become ready.
type deadlineReader struct {
	ctx     context.Context // of the attempt; interrupts a wait, but not a read in the kernel
	file    *os.File
	silence time.Duration
	polled  bool // the runtime may wait for the file
	stop    func() bool
}

func newDeadlineReader(ctx context.Context, file *os.File) *deadlineReader {
	r := &deadlineReader{ctx: ctx, file: file, silence: maxSilence, stop: func() bool { return true }}
	if r.polled = file.SetReadDeadline(time.Time{}) == nil; r.polled {
		r.stop = context.AfterFunc(ctx, func() { _ = file.SetReadDeadline(time.Unix(1, 0)) })
	}
	return r
}

func (r *deadlineReader) Read(p []byte) (int, error) {
	if r.polled { // before the check of ctx, whose deadline must not be replaced
		if err := r.file.SetReadDeadline(time.Now().Add(r.silence)); err != nil {
			return 0, err
		}
	}
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.file.Read(p)
	if !r.polled && errors.Is(err, syscall.EAGAIN) { // such as for a file that must be fetched from tape
		if err := setBlocking(r.file); err != nil {
			return 0, err
		}
		n, err = r.file.Read(p)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%w (waited %v)", errSilent, r.silence)
		if r.ctx.Err() != nil {
			err = r.ctx.Err()
		}
	}
	return n, err
}

// Close releases the context. It does not close the file.
func (r *deadlineReader) Close() error {
	r.stop()
	return nil
}

var _ io.ReadCloser = (*deadlineReader)(nil)
