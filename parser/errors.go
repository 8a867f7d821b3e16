package parser

import (
	"errors"
	"fmt"
)

// These are the errors that can be returned in [SyntaxError.Err], which may
// wrap them with details. [Reader.Next] does not return ErrUnexpectedHeader and
// ErrInvalidUTF8: they are for callers that examine the fields of a block.
var (
	ErrBareQuote           = errors.New("bare quote in an unquoted field")
	ErrQuote               = errors.New("extraneous quote or missing delimiter after a quoted field")
	ErrUnclosedQuote       = errors.New("quoted field is not closed")
	ErrBareCR              = errors.New("carriage return without a line feed")
	ErrFieldCount          = errors.New("wrong number of fields")
	ErrRecordTooLong       = errors.New("record too long")
	ErrTooManyLines        = errors.New("too many lines in a record")
	ErrTooManyColumns      = errors.New("too many columns")
	ErrMissingColumn       = errors.New("missing column")
	ErrMissingFact         = fmt.Errorf("%w", ErrMissingColumn)
	ErrDuplicateColumn     = errors.New("duplicate column")
	ErrNotHeader           = errors.New("first record looks like data, not a header")
	ErrRepeatedHeader      = errors.New("header repeated as a row")
	ErrUnexpectedHeader    = errors.New("unexpected header in an input read without one")
	ErrByteOrderMark       = errors.New("byte order mark after the start of the input")
	ErrUnsupportedEncoding = errors.New("unsupported encoding: UTF-16 or UTF-32")
	ErrInvalidUTF8         = errors.New("id is not valid UTF-8")
	ErrEmptyInput          = errors.New("empty input")
	ErrUnfinishedEscape    = errors.New("escape without a byte or record after it")
	ErrInvalidTime         = errors.New("not an ISO 8601 date or time")
	ErrInvalidTimeFact     = fmt.Errorf("%w", ErrInvalidTime) // of a fact about the input, not of a field
	ErrTooFewRecords       = errors.New("fewer lines or records than are to be skipped")
)

// A SyntaxError describes a record that cannot be read. Its message may contain
// column names, but no data. See also [Config.ShowNames].
type SyntaxError struct {
	Offset int64 // bytes of the decoded input before the error
	Line   int64 // line of the error, from 1; line feeds inside quotes count; 0 if unknown
	Column int   // byte within the line, from 1
	Err    error // one of the errors above, or an error that wraps one

	// Try, if not nil, holds the rules of a dialect that might read the input,
	// as far as they differ from those of the dialect in use.
	Try *Dialect
}

// Error returns the position of the error and its cause.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("line %d, byte %d: %v", e.Line, e.Offset, e.Err)
}

// Unwrap returns e.Err.
func (e *SyntaxError) Unwrap() error { return e.Err }
