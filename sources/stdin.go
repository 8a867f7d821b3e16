package sources

import (
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"

	"fastcount/engine"
	"fastcount/internal/filestate"
)

var _ engine.Part = (*stdin)(nil)

// stdin is a part that is standard input, or another reader that can be read
// once.
type stdin struct {
	explainer
	r      io.Reader
	opts   LocalOptions
	opened atomic.Bool
}

// NewStdin returns a part that reads r, once. Closing its stream does not close
// r.
func NewStdin(r io.Reader, o LocalOptions) engine.Part { return &stdin{r: r, opts: o} }

// Name implements engine.Part.
func (s *stdin) Name() string { return "stdin" }

// Info implements engine.Part. Nothing is known of standard input.
func (s *stdin) Info() engine.PartInfo { return engine.PartInfo{} }

var errOpenedTwice = errors.New("standard input can be read only once")

// Open implements [engine.Part]. It blocks until the first bytes are available.
// Every later call returns an error.
func (s *stdin) Open(ctx context.Context) (io.ReadCloser, error) {
	if s.opened.Swap(true) {
		return nil, errOpenedTwice
	}
	return s.deliver(s.open(ctx))
}

func (s *stdin) open(ctx context.Context) (*stream, error) {
	pre, err := parsePre(s.opts.Pre)
	if err != nil {
		return nil, err
	}
	if pre != nil {
		return piped(ctx, pre, s.opts.idle(), s.opts.maxWindow(), s.raw)
	}
	p, err := s.raw(ctx)
	if err != nil {
		return nil, err
	}
	return ready(p, p.decodeSniffed(s.opts.maxWindow()))
}

// raw returns the undecoded bytes. A regular file, such as after < in a shell,
// must not change while it is read.
func (s *stdin) raw(ctx context.Context) (*stream, error) {
	file, ok := s.r.(*os.File)
	if !ok {
		return newPipe(ctx, s.r, nil), nil
	}
	found, err := filestate.Stat(file)
	if err != nil {
		return nil, err
	}
	if !found.Regular() {
		return newPipe(ctx, file, nil), nil
	}
	off, err := file.Seek(0, io.SeekCurrent)
	if err == nil {
		err = found.Settle(ctx, file)
	}
	if err != nil {
		return nil, err
	}
	return newRegular(ctx, file, found, off), nil
}

// pollInterval is the interval at which a Read that polls checks its context.
const pollInterval = 50 * time.Millisecond

// pipe reads from a reader that may block. When its context is done, a blocked
// Read returns: through a deadline if r supports them, through polling if r is
// another file, such as a terminal or most inherited pipes. For other readers,
// the next Read fails.
type pipe struct {
	ctx  context.Context // of the attempt
	r    io.Reader
	file *os.File // r if it is polled
}

// newPipe returns a stream of r. Closing it calls closer, unless that is nil.
func newPipe(ctx context.Context, r io.Reader, closer func() error) *stream {
	p := &pipe{ctx: ctx, r: r}
	s := newStream(p, closer)
	if d, ok := r.(deadliner); ok && d.SetReadDeadline(time.Time{}) == nil {
		stop := context.AfterFunc(ctx, func() { _ = d.SetReadDeadline(time.Unix(1, 0)) })
		s.closers = append(s.closers, func() error { stop(); return nil })
	} else if f, ok := r.(*os.File); ok && canPoll {
		p.file = f
	}
	return s
}

// deadliner is a reader that may support deadlines.
type deadliner interface {
	SetReadDeadline(t time.Time) error
}

func (p *pipe) Read(b []byte) (int, error) {
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
func (p *pipe) await() error {
	for {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if p.file == nil || readable(p.file, pollInterval) {
			return nil
		}
	}
}
