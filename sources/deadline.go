package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// maxSilence is how long a read of a regular file may be told to come back
// later.
const maxSilence = 60 * time.Second

// errSilent reports a regular file that had nothing to read for maxSilence,
// though its end was not reached.
var errSilent = errors.New("the file system has no data and does not report the end of the file")

// deadlineReader reads a file that should never keep its reader waiting. The Go
// runtime waits for the readiness of every file that its poller accepts when a
// read returns EAGAIN. Some regular files are accepted, on FUSE and in /proc,
// and may never become ready; a deadline ends that.
type deadlineReader struct {
	ctx     context.Context // of the attempt; ends a wait, but not a read in the kernel
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
	if r.polled { // before ctx is asked, so that its end is not overwritten
		if err := r.file.SetReadDeadline(time.Now().Add(r.silence)); err != nil {
			return 0, err
		}
	}
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.file.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%w (waited %v)", errSilent, r.silence)
		if r.ctx.Err() != nil {
			err = r.ctx.Err()
		}
	}
	return n, err
}

// Close ends the watch over the context. The file stays open.
func (r *deadlineReader) Close() error {
	r.stop()
	return nil
}

var _ io.ReadCloser = (*deadlineReader)(nil)
