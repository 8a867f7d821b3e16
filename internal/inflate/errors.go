package inflate

import (
	"errors"
	"fmt"
)

// The conditions that make a stream corrupt. Errors of this package wrap one of
// them in an [Error], except for errors of the source and for
// [io.ErrUnexpectedEOF], which means that the input ends too early.
var (
	ErrBlockType      = errors.New("reserved block type")
	ErrStoredLength   = errors.New("length of stored block does not match its complement")
	ErrTooManySymbols = errors.New("too many length or distance symbols")
	ErrRepeat         = errors.New("repeated code length without a previous one")
	ErrTooManyLengths = errors.New("more code lengths than symbols")
	ErrOversubscribed = errors.New("over-subscribed code")
	ErrIncomplete     = errors.New("incomplete code")
	ErrNoEndOfBlock   = errors.New("no code for the end of the block")
	ErrInvalidCode    = errors.New("bits that no code uses")
	ErrReservedSymbol = errors.New("reserved length or distance symbol")
	ErrDistance       = errors.New("distance goes before the beginning of the data")
	ErrHeader         = errors.New("invalid header")
	ErrHeaderChecksum = errors.New("header checksum mismatch")
	ErrChecksum       = errors.New("checksum mismatch")
	ErrLengthMismatch = errors.New("length mismatch")
)

// An Error reports corrupt input.
type Error struct {
	Offset int64 // number of bytes of the input that were decoded before
	Err    error // one of the conditions above
}

func (e *Error) Error() string { return fmt.Sprintf("%v near byte %d", e.Err, e.Offset) }

// Unwrap returns the condition.
func (e *Error) Unwrap() error { return e.Err }
