package sources

import (
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"

	"fastcount/engine"
	"fastcount/internal/filestate"
	"fastcount/internal/interrupt"
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

// Info implements engine.Part. Nothing is known of what standard input holds.
func (s *stdin) Info() engine.PartInfo { return engine.PartInfo{Explain: s.explain} }

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

// newPipe returns a stream of a reader that may block. Closing it calls closer,
// unless that is nil.
func newPipe(ctx context.Context, r io.Reader, closer func() error) *stream {
	p := interrupt.NewPipe(ctx, r)
	s := newStream(p, closer)
	s.closers = append(s.closers, p.Close)
	return s
}
