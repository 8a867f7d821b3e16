package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"fastcount/engine"
	"fastcount/internal/display"
)

// ui writes to standard error. Lines for people go through package display, so
// that no name of a file and no text of a server controls the terminal or looks
// like a line of this program. Errors of standard error are ignored: no run
// fails for them.
type ui struct {
	mu       sync.Mutex
	w        io.Writer
	terminal *os.File // w where it is a terminal, else nil
	quiet    bool
	verbose  bool
	log      *slog.Logger // where lines are to be JSON, else nil
}

func newUI(w io.Writer) *ui {
	u := &ui{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		u.terminal = f
	}
	return u
}

// configure takes from the flags of a subcommand what is to be written.
func (u *ui) configure(flags *pflag.FlagSet) {
	u.quiet = lookup(flags, "quiet") == "true"
	u.verbose = lookup(flags, "verbose") == "true"
	if lookup(flags, "log-format") == "json" {
		u.log = slog.New(slog.NewJSONHandler(writerFunc(u.writeJSON), nil))
	}
}

// mute discards everything from now on.
func (u *ui) mute() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.w = io.Discard
}

// writerFunc is a function that writes text.
type writerFunc func(string)

func (f writerFunc) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

// write puts text out in one piece.
func (u *ui) write(text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, _ = io.WriteString(u.w, text)
}

// writeJSON writes text that is JSON.
func (u *ui) writeJSON(text string) { u.write(display.JSON(text)) }

// line writes one line: for people after from, which names its origin, or as
// an object of JSON.
func (u *ui) line(level slog.Level, from, text string, attributes ...any) {
	if u.log == nil {
		u.write(from + display.Line(text) + "\n")
		return
	}
	u.log.Log(context.Background(), level, display.Valid(text), attributes...)
}

// say tells what goes on, unless the user wants quiet.
func (u *ui) say(format string, args ...any) {
	if !u.quiet {
		u.line(slog.LevelInfo, "fastcount: ", fmt.Sprintf(format, args...))
	}
}

func (u *ui) warn(text string) { u.line(slog.LevelWarn, "fastcount: warning: ", text) }

// hint tells what can be done about a failure.
func (u *ui) hint(text string) { u.line(slog.LevelInfo, "hint: ", text, "kind", "hint") }

// fail tells what went wrong and what to do about it. A closed standard output is no news to the one who closed it.
func (u *ui) fail(err error) {
	code := exitCode(err)
	if code == exitBrokenPipe {
		return
	}
	for _, text := range messages(err) {
		u.line(slog.LevelError, "fastcount: ", text, "exit_code", code)
	}
	for _, h := range hints(err) {
		u.hint(h)
	}
}

// messages returns a line for each thing that went wrong. A line break in the
// text of a single error, such as one in the name of a file, begins no new
// message: only the structure of err does.
func messages(err error) []string {
	if parts, ok := errors.AsType[engine.PartErrors](err); ok {
		var lines []string
		for _, p := range parts {
			lines = append(lines, messages(p)...)
		}
		return lines
	}
	if l, ok := err.(liner); ok {
		return l.Lines()
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		if lines := joinedMessages(joined.Unwrap()); err.Error() == joinedText(joined.Unwrap()) {
			return lines
		}
	}
	return wrappedMessages(err)
}

// liner is an error that consists of several lines.
type liner interface {
	error
	Lines() []string
}

func joinedMessages(errs []error) (lines []string) {
	for _, err := range errs {
		lines = append(lines, messages(err)...)
	}
	return lines
}

// joinedText returns the text of errors.Join.
func joinedText(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// wrappedMessages returns the messages of what err wraps, with the text that
// err adds around the first and the last.
func wrappedMessages(err error) []string {
	inner := errors.Unwrap(err)
	if inner == nil {
		return []string{message(err)}
	}
	lines := messages(inner)
	before, after, ok := strings.Cut(err.Error(), inner.Error())
	if len(lines) < 2 || !ok {
		return []string{message(err)}
	}
	lines[0] = before + lines[0]
	lines[len(lines)-1] += after
	return lines
}

// message returns the text of err. Of what failed with a file, the file comes first.
func message(err error) string {
	text := err.Error()
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		text = strings.Replace(text, p.Op+" "+p.Path+": ", p.Path+": ", 1)
		text = strings.TrimPrefix(text, p.Path+": "+p.Path+": ")
		if !strings.Contains(text, p.Path) {
			text = p.Path + ": " + text
		}
	}
	return text
}

// usageError is the error for a command line that has no meaning.
type usageError struct {
	err      error
	withHelp bool // whether the short help follows the message
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usage returns err as a usage error.
func usage(err error) error { return &usageError{err: err} }

// clash returns the usage error for arguments that exclude each other.
func clash(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// misuse returns the usage error for arguments that a subcommand does not take.
// The short help follows the message.
func misuse(err error) error { return &usageError{err, true} }

// hintedError is an error that knows what to do about it.
type hintedError struct {
	err   error
	hints []string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

func hinted(err error, hints ...string) error { return &hintedError{err, hints} }
