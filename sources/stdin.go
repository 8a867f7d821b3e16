package sources

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"fastcount/engine"
)

var _ engine.Part = (*Stdin)(nil)

// Stdin is a part that is standard input, or any other reader that is there once.
type Stdin struct {
	r      io.Reader
	opts   LocalOptions
	opened atomic.Bool
}

// NewStdin returns a part that reads r. Closing its stream leaves r open.
func NewStdin(r io.Reader, o LocalOptions) *Stdin { return &Stdin{r: r, opts: o} }

// Name implements engine.Part.
func (s *Stdin) Name() string { return "stdin" }

var errOpenedTwice = errors.New("standard input can be read only once")

// Open implements engine.Part. It waits for the first bytes, and it fails the second time.
func (s *Stdin) Open(ctx context.Context) (io.ReadCloser, error) {
	if s.opened.Swap(true) {
		return nil, errOpenedTwice
	}
	p := newPipe(ctx, s.r, nil)
	return ready(p, p.decodeSniffed(s.opts.maxWindow()))
}

// pipe reads something that may keep its reader waiting. The end of the context ends a Read that waits, where r has
// deadlines; a terminal and most inherited pipes have none, and for them it is the next Read that fails.
type pipe struct {
	ctx context.Context // of the attempt
	r   io.Reader
}

// newPipe returns a stream of what r holds; closing it calls closer, unless that is nil.
func newPipe(ctx context.Context, r io.Reader, closer func() error) *stream {
	s := newStream(&pipe{ctx, r}, closer)
	if d, ok := r.(interface{ SetReadDeadline(time.Time) error }); ok {
		stop := context.AfterFunc(ctx, func() { _ = d.SetReadDeadline(time.Unix(1, 0)) })
		s.closers = append(s.closers, func() error { stop(); return nil })
	}
	return s
}

func (p *pipe) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	if err != nil && err != io.EOF && p.ctx.Err() != nil {
		err = p.ctx.Err()
	}
	return n, err
}
