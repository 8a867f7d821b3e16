package engine

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of a run, in addition to those of parts and of package parser.
var (
	// ErrMismatch is matched by the error for a part that differs from what its
	// server declared.
	ErrMismatch = errors.New("counts differ from the declared ones")

	// ErrExpectedRows is matched by the error of Report.ExpectRows for another
	// number of rows.
	ErrExpectedRows = errors.New("number of rows differs from the expected one")

	// ErrWeakProof is matched by the error of Report.RequireProof for a part.
	ErrWeakProof = errors.New("proof of completeness is too weak")

	// ErrBadRows is matched by errors about rows with a wrong number of fields,
	// or without a valid time, that were left out.
	ErrBadRows = errors.New("rows were left out")

	// ErrTooManyBadRows is matched by the error for more such rows than
	// Config.MaxBadRows. It matches ErrBadRows too.
	ErrTooManyBadRows = fmt.Errorf("%w: more than allowed", ErrBadRows)

	// ErrOnlyBadRows is matched by the error for a part with no other rows,
	// whose dialect is probably wrong. It matches ErrBadRows too.
	ErrOnlyBadRows = fmt.Errorf("%w: no other rows", ErrBadRows)

	// ErrUnproved is matched by errors in the text of a byte range that does
	// not begin at byte 0. Whether its first record begins where it appears to
	// begin cannot be determined from the range alone.
	ErrUnproved = errors.New("unless quotes were open at the beginning of the range")
)

// Errors about Config.Limits. Each is matched by the error for exceeding one
// limit, and matches ErrLimit itself.
var (
	ErrLimit           = errors.New("limit exceeded")
	ErrIDTooLong       = fmt.Errorf("%w: id too long", ErrLimit)
	ErrTooManyPatients = fmt.Errorf("%w: too many patients", ErrLimit)
	ErrTooManyEvents   = fmt.Errorf("%w: too many event types", ErrLimit)
	ErrTooManyValues   = fmt.Errorf("%w: too many values of a key column", ErrLimit)
	ErrTooManyPairs    = fmt.Errorf("%w: too many pairs", ErrLimit)
	ErrNamesTooLarge   = fmt.Errorf("%w: ids too long in total", ErrLimit)
)

// ErrOverflow is matched by the error for sums that exceed 64 bits. Only counts
// of earlier runs can be that large. It matches ErrLimit.
var ErrOverflow = fmt.Errorf("%w: more than 2^64-1 rows or bytes", ErrLimit)

// classError is an error with a text of its own that matches another one.
type classError struct {
	class error
	text  string
}

func (e *classError) Error() string { return e.text }
func (e *classError) Unwrap() error { return e.class }

func classed(class error, format string, args ...any) error {
	return &classError{class, fmt.Sprintf(format, args...)}
}

// PartError is the failure of one part, or what makes it incomplete.
type PartError struct {
	Part     string // Part.Name
	Attempts int    // number of attempts; 0 if that does not matter
	Err      error
}

func (e *PartError) Error() string {
	if e.Attempts > 1 {
		return fmt.Sprintf("%s: %v (attempt %d)", e.Part, e.Err, e.Attempts)
	}
	return fmt.Sprintf("%s: %v", e.Part, e.Err)
}

func (e *PartError) Unwrap() error { return e.Err }

// Failures returns the failures that make up an error of [Run],
// [Report.ExpectRows] or [Report.RequireProof], in the order of the parts, or
// nil if err is not about parts.
func Failures(err error) []*PartError {
	list, _ := errors.AsType[partErrors](err)
	return list
}

// partErrors lists parts that failed, in their order. It is never empty. Unwrap
// returns the first alone, so that errors.Is and errors.As return the same in
// every run.
type partErrors []*PartError

func (e partErrors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

func (e partErrors) Unwrap() error { return e[0] }

// asError returns e, or nil if it is empty.
func (e partErrors) asError() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// rowNumber returns "1 row" or "n rows".
func rowNumber(n uint64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// badRowNumber describes a number of rows that were left out, some of them
// without a valid time.
func badRowNumber(rows, withoutTime uint64) string {
	fields, times := rowNumber(rows-withoutTime)+" with a wrong number of fields", rowNumber(withoutTime)+" without a valid time"
	switch withoutTime {
	case 0:
		return fields
	case rows:
		return times
	}
	return fields + " and " + times
}
