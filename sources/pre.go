package sources

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fastcount/engine"
	"fastcount/internal/filter"
)

// ErrCommand is returned if a command that a source is piped through cannot be
// started, does not exit with status 0, or stalls. In the last case the error
// matches [ErrStalled] too.
var ErrCommand = filter.ErrFailed

// defaultIdle is the default of the idle timeouts.
const defaultIdle = time.Minute

func (o LocalOptions) idle() time.Duration {
	if o.IdleTimeout == 0 {
		return defaultIdle
	}
	return o.IdleTimeout
}

// parsePre parses a command, which is nil for an empty text.
func parsePre(text string) (*filter.Command, error) {
	if text == "" {
		return nil, nil
	}
	c, err := filter.Parse(text)
	if err != nil {
		return nil, mark(ErrArgument, fmt.Errorf("command %s: %w", quote(text), err))
	}
	return c, nil
}

// piped opens a stream, pipes it through a command, and detects the format of
// the output.
func piped(ctx context.Context, c *filter.Command, idle time.Duration, maxWindow uint64,
	open func(context.Context) (*stream, error)) (*stream, error) {
	inputCtx, cancel := context.WithCancel(ctx)
	s, err := open(inputCtx)
	if err != nil {
		cancel()
		return nil, err
	}
	err = s.pipe(ctx, c, idle, cancel)
	if err == nil {
		err = s.decodeSniffed(maxWindow)
	}
	return ready(s, err)
}

// pipe makes the output of a command, which reads the stream so far, the data
// of the stream. cancel cancels the context of the stream so far. How that
// ended proves nothing more: the status of the command does.
func (s *stream) pipe(ctx context.Context, c *filter.Command, idle time.Duration, cancel func()) error {
	s.closers = append(s.closers, func() error { cancel(); return nil })
	p, err := c.Start(ctx, s.Reader, idle)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { cancel(); return p.Close() })
	s.raw = &source{r: commandOutput{p}}
	s.Reader = s.raw
	s.process = p
	s.proof, s.checked, s.decoders = engine.ProofFraming, true, nil
	return nil
}

// commandOutput is the output of a command, with the errors of this package.
type commandOutput struct{ p *filter.Process }

func (o commandOutput) Read(b []byte) (int, error) {
	n, err := o.p.Read(b)
	if errors.Is(err, filter.ErrStalled) {
		err = mark(ErrStalled, err)
	}
	return n, err
}
