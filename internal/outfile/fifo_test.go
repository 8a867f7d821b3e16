//go:build unix

package outfile

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"fastcount/internal/atomicfile"
)

func TestWriteFIFO(t *testing.T) {
	inDir(t)
	if err := syscall.Mkfifo("fifo", 0o600); err != nil {
		t.Skipf("no FIFO here: %v", err)
	}
	var got []byte
	var readErr error
	done := make(chan struct{})
	go func() {
		defer close(done)
		got, readErr = os.ReadFile("fifo")
	}()
	mustWrite(t, Output{Sink: text(big), File: "fifo"})
	<-done
	if readErr != nil || string(got) != big {
		t.Errorf("the reader got %d bytes, error %v", len(got), readErr)
	}
	if info, err := os.Lstat("fifo"); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the FIFO is now %v, error %v", info, err)
	}
}

func TestWriteFIFOWhoseReaderLeaves(t *testing.T) {
	inDir(t)
	if err := syscall.Mkfifo("fifo", 0o600); err != nil {
		t.Skipf("no FIFO here: %v", err)
	}
	o := outputsAt(t, atomicfile.OS{}, Output{Sink: text(strings.Repeat(big, 4)), File: "fifo"})
	done := make(chan error, 1)
	go func() {
		f, err := os.Open("fifo")
		if err == nil {
			_, err = io.ReadFull(f, make([]byte, 1))
			err = errors.Join(err, f.Close())
		}
		done <- err
	}()
	if _, err := o.Write(nil, complete); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Write: %v", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNewSocket(t *testing.T) {
	inDir(t)
	l, err := net.Listen("unix", "socket")
	if err != nil {
		t.Skipf("no sockets here: %v", err)
	}
	defer l.Close()
	if _, err := newAt(Output{Sink: text("A"), File: "socket"}); err == nil || !strings.Contains(err.Error(), "is a socket") {
		t.Errorf("New: %v", err)
	}
}
