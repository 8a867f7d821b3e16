package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"fastcount/engine"
	"fastcount/internal/nearest"
)

// Messages returns a line for each error that err joins or wraps. Lines follow
// the structure of err: a line break in the text of an error, such as one in
// the name of a file, does not begin a line.
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

// Message returns the text of err. If a file operation failed, the text begins
// with the name of the file instead of the operation.
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

// UsageError is the error for an invalid command line.
type UsageError struct {
	err      error
	WithHelp bool // whether the short help follows the message
}

func (e *UsageError) Error() string { return e.err.Error() }
func (e *UsageError) Unwrap() error { return e.err }

// Usage returns err as a usage error.
func Usage(err error) error { return &UsageError{err: err} }

// Usagef returns a usage error with a formatted text.
func Usagef(format string, args ...any) error { return Usage(fmt.Errorf(format, args...)) }

// Misuse returns err as a usage error after which the short help is printed.
func Misuse(err error) error { return &UsageError{err, true} }

// HintedError is an error with hints about what to do.
type HintedError struct {
	err   error
	Hints []string
}

func (e *HintedError) Error() string { return e.err.Error() }
func (e *HintedError) Unwrap() error { return e.err }

// Hint returns err with hints, each an imperative sentence.
func Hint(err error, hints ...string) error { return &HintedError{err, hints} }

// DidYouMean returns a hint with the known word that is most similar to id, or
// nil if none is similar.
func DidYouMean(id string, known []string) []string {
	if near := nearest.Word(id, known); near != "" {
		return []string{"did you mean " + near + "?"}
	}
	return nil
}
