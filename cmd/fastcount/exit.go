package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"fastcount/engine"
	"fastcount/internal/merge"
	"fastcount/internal/partial"
	"fastcount/internal/plan"
	"fastcount/internal/state"
	"fastcount/parser"
	"fastcount/sinks"
	"fastcount/sources"
)

// The exit codes, as "fastcount help exit-codes" explains them.
const (
	exitDone        = 0
	exitFailure     = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitNotFound    = 4
	exitRetries     = 5
	exitData        = 6
	exitNotAllowed  = 7
	exitLimit       = 8
	exitMismatch    = 9
	exitTimeUp      = 10
	exitMerge       = 11
	exitInterrupted = 130
	exitTerminated  = 143
	exitBrokenPipe  = 141 // what a shell reports for cat; the only failure without a message
)

// errTimeUp says that --max-duration is over.
var errTimeUp = errors.New("--max-duration is over")

// exitCode tells what kind of failure err is. An error may be of several kinds: a *parser.SyntaxError may wrap a
// *engine.LimitError, and a transfer that was given up may have been cut short. The first kind that fits decides.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if i, ok := errors.AsType[interrupted](err); ok {
		return i.code()
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*incompleteError](err); ok {
		return exitIncomplete
	}
	if isLimit(err) {
		return exitLimit
	}
	if _, ok := errors.AsType[*engine.MismatchError](err); ok {
		return exitMismatch
	}
	if _, ok := errors.AsType[*engine.ProofError](err); ok {
		return exitMismatch
	}
	for _, kind := range kinds {
		if errors.Is(err, kind.err) {
			return kind.code
		}
	}
	if _, ok := errors.AsType[*parser.SyntaxError](err); ok {
		return exitData
	}
	if _, ok := errors.AsType[*engine.BadRowsError](err); ok {
		return exitData
	}
	return exitFailure
}

// incompleteError says that a result was given that lacks something, as the flags allow.
type incompleteError struct {
	shortfalls []engine.Shortfall
}

func (e *incompleteError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns a line for each thing that is missing.
func (e *incompleteError) Lines() []string {
	lines := make([]string, len(e.shortfalls))
	for i, s := range e.shortfalls {
		lines[i] = fmt.Sprintf("the result is incomplete: %s: %v", s.Part, s.Err)
	}
	return lines
}

// kinds are the failures that are known by a value, in the order in which they decide.
var kinds = []struct {
	err  error
	code int
}{
	{errTimeUp, exitTimeUp},
	{errOutputClosed, exitBrokenPipe},
	{sinks.ErrSameFile, exitUsage},
	{sources.ErrArgument, exitUsage},
	{state.ErrFolder, exitUsage},
	{state.ErrNotPrivate, exitUsage},
	{merge.ErrIncomplete, exitMerge},
	{merge.ErrOverlap, exitMerge},
	{merge.ErrOtherWork, exitMerge},
	{merge.ErrUnfit, exitMerge},
	{merge.ErrNoShard, exitMerge},
	{merge.ErrNone, exitMerge},
	{partial.ErrCorrupt, exitMerge},
	{partial.ErrVersion, exitMerge},
	{plan.ErrTwice, exitUsage},
	{plan.ErrChanged, exitMismatch},
	{plan.ErrDamaged, exitData},
	{sources.ErrExhausted, exitRetries},
	{sources.ErrNotFound, exitNotFound},
	{sources.ErrDenied, exitNotAllowed},
	{sources.ErrRedirect, exitNotAllowed},
	{sources.ErrTruncated, exitData},
	{sources.ErrCorrupt, exitData},
	{sources.ErrContent, exitData},
	{sources.ErrMetadata, exitData},
}

// isLimit reports whether err is about a limit that a flag of the group Limits
// changes, or about memory or file descriptors that ran out.
func isLimit(err error) bool {
	_, limit := errors.AsType[*engine.LimitError](err)
	return limit || errors.Is(err, parser.ErrRecordTooLong) || errors.Is(err, parser.ErrTooManyLines) || errors.Is(err, parser.ErrTooManyColumns) ||
		errors.Is(err, sources.ErrWindow) || errors.Is(err, sources.ErrAnswer) || errors.Is(err, sources.ErrIDs) || errors.Is(err, sources.ErrNames) ||
		errors.Is(err, errMemory) || errors.Is(err, errDescriptors) ||
		errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM)
}
