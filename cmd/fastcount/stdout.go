package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

var (
	// errClosed is matched by the error for a standard output that nobody reads
	// any more.
	errClosed = errors.New("standard output is closed")

	// errLost is matched by the error for a standard output that would lose the
	// result.
	errLost = errors.New("the result would be lost")
)

// writer writes to standard output. It returns errClosed if the reader has
// closed the pipe, since the system reports the failure of a connection by the
// same error.
type writer struct{ io.Writer }

func (r writer) Write(p []byte) (int, error) {
	n, err := r.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = errClosed
	}
	return n, err
}

// check returns an error that matches errLost if w is a standard output that
// would lose what is written to it.
func check(w io.Writer) error {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	switch a := accessOf(f); {
	case a == readOnly:
		return fmt.Errorf("standard output is not open for writing: %w", errLost)
	case a == readAndWrite && isNull(f):
		return fmt.Errorf("standard output is closed, or is %s opened for reading and writing: %w", os.DevNull, errLost)
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
