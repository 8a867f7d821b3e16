package parser

import (
	"errors"
	"fmt"
)

// What can be wrong with CSV bytes; a SyntaxError wraps one of them.
var (
	ErrBareQuote           = errors.New(`bare " in an unquoted field`)
	ErrQuote               = errors.New(`extraneous " or missing delimiter after a quoted field`)
	ErrUnclosedQuote       = errors.New(`quoted field is not closed`)
	ErrBareCR              = errors.New("carriage return without a line feed")
	ErrFieldCount          = errors.New("wrong number of fields")
	ErrRecordTooLong       = errors.New("record is longer than the limit")
	ErrTooManyColumns      = errors.New("more columns than the limit")
	ErrMissingColumn       = errors.New("column is missing")
	ErrNotHeader           = errors.New("the first record looks like data")
	ErrDuplicateColumn     = errors.New("column occurs twice")
	ErrRepeatedHeader      = errors.New("the header occurs again as a row")
	ErrUnexpectedHeader    = errors.New("header row in an input that was to have none")
	ErrUnsupportedEncoding = errors.New("input is UTF-16 or UTF-32, not UTF-8")
	ErrByteOrderMark       = errors.New("byte order mark after the start of the input")
	ErrTooManyLines        = errors.New("record spans more lines than the limit")
	ErrEmptyInput          = errors.New("input is empty")
	ErrInvalidUTF8         = errors.New("id is not valid UTF-8")
)

// SyntaxError says where an input is not the CSV that this package reads. It never holds the content of a field.
type SyntaxError struct {
	Offset int64 // bytes before the place, from the start of the decoded input
	Line   int64 // from 1, counting line feeds, inside quotes too; for an unclosed quote where it opened; 0 if unknown
	Column int   // byte within that line, from 1
	Err    error // wraps one of the errors above
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("line %d, byte %d: %v", e.Line, e.Offset, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }
