package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"fastcount/internal/cli"
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

// checkStdout refuses a standard output that would lose the result, before
// anything is counted for it.
func (p *program) checkStdout() error {
	f, ok := p.stdout.(*os.File)
	if !ok {
		return nil
	}
	switch a := accessOf(f); {
	case a == readOnly:
		return lostResult("standard output is not open for writing")
	case a == readAndWrite && isNull(f):
		return lostResult("standard output is closed, or is " + os.DevNull + " opened for reading and writing")
	}
	return nil
}

// lostResult returns the usage error for a standard output that takes nothing.
func lostResult(why string) error {
	return cli.Usage(cli.Hint(fmt.Errorf("%s: the result would be lost", why),
		"redirect standard output, with >FILE, or >"+os.DevNull+" to discard the result; most subcommands also have --output FILE"))
}

// access says how a file is open.
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
