package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"fastcount/engine"
	"fastcount/internal/nearest"
)

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

// meantID guesses which of the ids that there are was meant.
func meantID(id string, known []string) []string {
	if near := nearest.Word(id, known); near != "" {
		return []string{"did you mean " + near + "?"}
	}
	return nil
}
