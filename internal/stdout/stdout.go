// Package stdout finds out whether standard output takes a result, and whether
// somebody reads it.
package stdout

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

var (
	// ErrClosed is matched by the error for a standard output that nobody reads
	// any more.
	ErrClosed = errors.New("standard output is closed")

	// ErrLost is matched by the error for a standard output that would lose the
	// result.
	ErrLost = errors.New("the result would be lost")
)

// NewWriter returns a writer that writes to w, which is standard output. Its
// error is [ErrClosed] if the reader has closed the pipe, since the system
// reports the failure of a connection by the same error.
func NewWriter(w io.Writer) io.Writer { return writer{w} }

type writer struct{ io.Writer }

func (w writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = ErrClosed
	}
	return n, err
}

// Check returns an error that matches [ErrLost] if w is a standard output that
// would lose what is written to it.
func Check(w io.Writer) error {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	switch a := accessOf(f); {
	case a == readOnly:
		return fmt.Errorf("standard output is not open for writing: %w", ErrLost)
	case a == readAndWrite && isNull(f):
		return fmt.Errorf("standard output is closed, or is %s opened for reading and writing: %w", os.DevNull, ErrLost)
	}
	return nil
}

// access is how a file is open.
type access uint8

const (
	unknownAccess access = iota
	readOnly
	writeOnly
	readAndWrite
)

// isNull reports whether f is the null device. When a process starts with a
// standard stream that is closed, as ">&-" leaves it, the runtime of Go opens
// the null device for reading and writing in its place; a shell's ">/dev/null"
// opens it for writing alone.
func isNull(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}
