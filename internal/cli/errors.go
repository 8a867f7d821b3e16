package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"fastcount/engine"
	"fastcount/internal/nearest"
)

// Messages returns a line for each thing that went wrong. A line break in the
// Text of a single error, such as one in the name of a file, begins no new
// message: only the structure of err does.
func Messages(err error) []string {
	if parts := engine.Failures(err); parts != nil {
		var lines []string
		for _, p := range parts {
			lines = append(lines, Messages(p)...)
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
		lines = append(lines, Messages(err)...)
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
		return []string{Message(err)}
	}
	lines := Messages(inner)
	before, after, ok := strings.Cut(err.Error(), inner.Error())
	if len(lines) < 2 || !ok {
		return []string{Message(err)}
	}
	lines[0] = before + lines[0]
	lines[len(lines)-1] += after
	return lines
}

// Message returns the text of err. Of what failed with a file, the file comes
// first.
func Message(err error) string {
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

// UsageError is the error for a command line that has no meaning.
type UsageError struct {
	err      error
	WithHelp bool // whether the short help follows the message
}

func (e *UsageError) Error() string { return e.err.Error() }
func (e *UsageError) Unwrap() error { return e.err }

// Usage returns err as a usage error.
func Usage(err error) error { return &UsageError{err: err} }

// Usagef returns the usage error for arguments that exclude each other.
func Usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

// Misuse returns the usage error for arguments that a subcommand does not take.
// The short help follows the message.
func Misuse(err error) error { return &UsageError{err, true} }

// HintedError is an error that knows what to do about it.
type HintedError struct {
	err   error
	Hints []string
}

func (e *HintedError) Error() string { return e.err.Error() }
func (e *HintedError) Unwrap() error { return e.err }

func Hint(err error, hints ...string) error { return &HintedError{err, hints} }

// DidYouMean guesses which of the ids that there are was meant.
func DidYouMean(id string, known []string) []string {
	if near := nearest.Word(id, known); near != "" {
		return []string{"did you mean " + near + "?"}
	}
	return nil
}
