// Package filter pipes a stream through a command.
//
// The command runs without a shell. It reads the stream on its standard input,
// and its standard output is the result, which is complete only if the command
// exits with status 0. It need not read all of its input. The variables of
// fastcount, one of which may hold a token, are removed from its environment.
package filter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// ErrFailed is matched by the errors of a command: it cannot be started, it
// stalls, or it does not exit with status 0.
var ErrFailed = errors.New("command failed")

// ErrStalled is matched by the error of a command that made no progress. The
// error matches ErrFailed too.
var ErrStalled = errors.New("command stalled")

// Process is a running command. It must be closed.
type Process struct {
	ctx    context.Context
	cmd    *exec.Cmd
	name   string
	idle   time.Duration
	stdin  *os.File // written by feed
	stdout *os.File
	stderr firstLine // complete once exited is closed

	exited  chan struct{} // closed once the command has exited and was waited for
	waitErr error         // of the command, once exited is closed
	fed     chan struct{} // closed once feed has ended
	unhook  func() bool   // releases ctx

	inErr    atomic.Pointer[error] // of the input, not io.EOF
	consumed atomic.Int64          // bytes of the input
	waiting  atomic.Bool           // feed waits for its input
	moves    atomic.Int64          // how often feed had input, and the command took it

	err error // of Read
}

// Start starts the command with in as its input. It is killed, with the
// processes of its group, when ctx is done, when in fails, and when for the
// time idle it has neither taken available input nor written output.
//
// A goroutine reads in until the process is closed. Before that, the caller
// must make a blocked Read of in return.
func (c *Command) Start(ctx context.Context, in io.Reader, idle time.Duration) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stdin, feed, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, stdout, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, stdin.Close(), feed.Close())
	}
	p := &Process{ctx: ctx, name: c.args[0], idle: idle, stdin: feed, stdout: out,
		exited: make(chan struct{}), fed: make(chan struct{})}
	p.cmd = &exec.Cmd{Path: c.path, Args: c.args, Env: environment(os.Environ()),
		Stdin: stdin, Stdout: stdout, Stderr: &p.stderr, WaitDelay: time.Second}
	ownGroup(p.cmd)
	err = p.cmd.Start()
	closeErr := errors.Join(stdin.Close(), stdout.Close())
	if err != nil {
		err = errors.Join(err, closeErr, feed.Close(), out.Close())
		return nil, &failure{fmt.Sprintf("the command %s cannot be started: %v", quote(p.name), err), err}
	}
	p.unhook = context.AfterFunc(ctx, func() { p.interrupt() })
	go p.wait()
	go p.feed(in)
	return p, nil
}

// environment removes the variables of this program.
func environment(all []string) (kept []string) {
	for _, v := range all {
		if !strings.HasPrefix(v, "FASTCOUNT_") {
			kept = append(kept, v)
		}
	}
	return kept
}

// Consumed returns the number of bytes of the input that the command was given.
// It may be called concurrently with other methods.
func (p *Process) Consumed() int64 { return p.consumed.Load() }

// wait waits for the command. A process that it started and that still runs may
// hold its standard error open, which is not an error.
func (p *Process) wait() {
	defer close(p.exited)
	p.waitErr = p.cmd.Wait()
	if errors.Is(p.waitErr, exec.ErrWaitDelay) {
		p.waitErr = nil
	}
}

// feed copies the input to the command. The command may end before it has read
// everything. If the input fails, the command is killed.
func (p *Process) feed(in io.Reader) {
	defer close(p.fed)
	defer p.stdin.Close() // after inErr is set, so that no command succeeds before
	buf := make([]byte, 64<<10)
	for {
		p.waiting.Store(true)
		n, err := in.Read(buf)
		p.moves.Add(1)
		p.waiting.Store(false)
		if n > 0 {
			if _, writeErr := p.stdin.Write(buf[:n]); writeErr != nil {
				return
			}
			p.consumed.Add(int64(n))
			p.moves.Add(1)
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			p.inErr.Store(&err)
			p.kill()
			return
		}
	}
}

// Read reads the output of the command. It returns io.EOF only after the
// command has exited with status 0 and its input has not failed, and otherwise
// the error of the context, of the input, or one that matches [ErrFailed].
func (p *Process) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.read(b)
	if err != nil {
		p.err = p.outcome(err)
	}
	return n, p.err
}

// read reads output. It returns ErrStalled if there is no progress.
func (p *Process) read(b []byte) (int, error) {
	for c := (idleCounter{process: p}); ; {
		// The deadline is set before the context is checked: interrupt sets
		// another one, which must not be replaced.
		if err := p.stdout.SetReadDeadline(time.Now().Add(p.idle / steps)); err != nil {
			return 0, err
		}
		if err := p.ctx.Err(); err != nil {
			return 0, err
		}
		n, err := p.stdout.Read(b)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if c.ends() {
			return 0, ErrStalled
		}
	}
}

// steps is the number of waits into which the time without progress is divided.
// Each wait that ends counts as one, however long it took: this process, or all
// processes, may have been suspended meanwhile.
const steps = 8

// idleCounter counts the waits in which a command made no progress.
type idleCounter struct {
	process *Process
	waits   int
	moves   int64
}

// ends reports whether the command has stalled after one more wait in which it
// wrote no output.
func (c *idleCounter) ends() bool {
	if moves := c.process.moves.Load(); moves != c.moves || c.process.waiting.Load() {
		c.moves, c.waits = moves, 0
		return false
	}
	c.waits++
	return c.waits == steps
}

// outcome returns how the process ended, where reading its output ended with
// err.
func (p *Process) outcome(err error) error {
	if err == io.EOF {
		err = p.await()
	}
	if err != nil {
		p.kill()
		<-p.exited
	}
	inErr := p.inErr.Load()
	switch {
	case p.ctx.Err() != nil:
		return p.ctx.Err()
	case inErr != nil:
		return *inErr
	case errors.Is(err, ErrStalled):
		return &failure{fmt.Sprintf("the command %s read no input and wrote no output for %v", quote(p.name), p.idle), ErrStalled}
	case err != nil:
		return err
	case p.waitErr != nil:
		return p.statusError()
	}
	return io.EOF
}

// await waits until the command, which has closed its output, has exited.
func (p *Process) await() error {
	for c := (idleCounter{process: p}); ; {
		select {
		case <-p.exited:
			return nil
		case <-p.ctx.Done():
			return p.ctx.Err()
		case <-time.After(p.idle / steps):
			if c.ends() {
				return ErrStalled
			}
		}
	}
}

// statusError returns the error of a command that has exited.
func (p *Process) statusError() error {
	text := fmt.Sprintf("the command %s failed: %v", quote(p.name), p.waitErr)
	if line := p.stderr.text(); line != "" {
		text += ": " + quote(line)
	}
	return &failure{text, p.waitErr}
}

// failure is an error that matches ErrFailed and its cause.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return []error{ErrFailed, f.cause} }

// interrupt ends a blocked Read and the command.
func (p *Process) interrupt() {
	p.kill()
	_ = p.stdout.SetReadDeadline(time.Unix(1, 0)) // fails only after Close
}

// kill kills the processes of the command, unless the first has ended: then its
// number may be that of another process.
func (p *Process) kill() {
	select {
	case <-p.exited:
	default:
		killGroup(p.cmd.Process)
	}
}

// Close kills the command if it has not ended, and waits for it and for the
// goroutines of the process. It returns no error of the command.
func (p *Process) Close() error {
	p.unhook()
	p.kill()
	_ = p.stdin.Close() // ends a blocked Write
	<-p.exited
	<-p.fed
	return p.stdout.Close()
}

// maxLine is the maximum length in bytes of the line that is kept of standard
// error, and maxQuoted the maximum number of characters that are shown.
const (
	maxLine   = 4 << 10
	maxQuoted = 200
)

// firstLine keeps the first line that is not blank of what is written to it.
type firstLine struct {
	line []byte
	done bool
}

func (f *firstLine) Write(p []byte) (int, error) {
	for _, c := range p {
		switch {
		case f.done:
			return len(p), nil
		case c != '\n':
			f.line = append(f.line, c)
			f.done = len(f.line) == maxLine
		case strings.TrimSpace(string(f.line)) == "":
			f.line = f.line[:0]
		default:
			f.done = true
		}
	}
	return len(p), nil
}

func (f *firstLine) text() string { return strings.TrimSpace(string(f.line)) }

// quote returns foreign text for an error: shortened, and escaped so that a
// terminal does not interpret it.
func quote(text string) string {
	n := 0
	for i := range text {
		if n++; n > maxQuoted {
			return strconv.Quote(text[:i]) + "…"
		}
	}
	return strconv.Quote(text)
}
