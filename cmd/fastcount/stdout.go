package main

import (
	"errors"
	"io"
	"syscall"
)

// errOutputClosed says that nobody reads standard output any more.
var errOutputClosed = errors.New("standard output is closed")

// resultWriter writes to standard output and tells its reader's leaving from other failures, such as that of a
// connection, which the system calls by the same name.
type resultWriter struct{ io.Writer }

func (r resultWriter) Write(p []byte) (int, error) {
	n, err := r.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = errOutputClosed
	}
	return n, err
}
