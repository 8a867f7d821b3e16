package interrupt

import (
	"context"
	"io"
	"os"
	"syscall"
	"time"
)

// pollInterval is the interval at which a Read that polls checks its context.
const pollInterval = 50 * time.Millisecond

// Pipe reads from a reader that may block for any time, such as a pipe, a
// terminal or a device.
type Pipe struct {
	ctx  context.Context
	r    io.Reader
	file *os.File // r if it is polled
	stop func() bool
}

// NewPipe returns a reader of r. When ctx ends, a blocked Read returns: through
// a deadline if r supports them, or through polling if r is another file and
// the system permits that. For other readers, the next Read fails. Until the
// Pipe is closed, nothing else may set the deadline of r.
func NewPipe(ctx context.Context, r io.Reader) *Pipe {
	p := &Pipe{ctx: ctx, r: r, stop: func() bool { return true }}
	if d, ok := r.(deadliner); ok && d.SetReadDeadline(time.Time{}) == nil {
		p.stop = context.AfterFunc(ctx, func() { _ = d.SetReadDeadline(time.Unix(1, 0)) })
	} else if f, ok := r.(*os.File); ok && canPoll {
		p.file = f
	}
	return p
}

// deadliner is a reader that may support deadlines.
type deadliner interface {
	SetReadDeadline(t time.Time) error
}

// Read returns the error of the context once that has ended, before any data.
func (p *Pipe) Read(b []byte) (int, error) {
	if err := p.await(); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	if err != nil && err != io.EOF && p.ctx.Err() != nil {
		err = p.ctx.Err()
	}
	return n, err
}

// await waits until r can be read without blocking, if it is polled, or ctx is
// done.
func (p *Pipe) await() error {
	for {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if p.file == nil || readable(p.file, pollInterval) {
			return nil
		}
	}
}

// Close releases the context. It does not close the reader, and returns nil.
func (p *Pipe) Close() error {
	p.stop()
	return nil
}

// Arrived reports whether a read from a file or a connection would return at
// once, with data, an end or an error. It returns false where the system does
// not report that.
func Arrived(c syscall.Conn) bool { return canPoll && readable(c, 0) }
