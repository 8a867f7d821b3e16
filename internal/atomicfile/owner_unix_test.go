//go:build unix

package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/descriptors"
)

// TestFileOfAnotherUserDoesNotDecideTheMode checks that a new file has mode
// 0600 if it replaces a file of another user that everybody can read.
func TestFileOfAnotherUserDoesNotDecideTheMode(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("planted", []byte("old"), 0o600))
	must(t, os.Chmod("planted", 0o666))
	if err := os.Chown("planted", os.Geteuid()+1, -1); err != nil {
		t.Skipf("this user cannot give files away: %v", err)
	}
	must(t, atomicfile.Replace(atomicfile.OS{}, "planted", 0, write("new")))
	info, err := os.Stat("planted")
	must(t, err)
	if stat := info.Sys().(*syscall.Stat_t); info.Mode() != 0o600 || int(stat.Uid) != os.Geteuid() {
		t.Errorf("mode %v, owner %d", info.Mode(), stat.Uid)
	}
}

// fifo makes a FIFO in the working directory, with a link to it, and returns
// its reader, so that it can be opened for writing. It represents
// devices: a fault in the code under test must not replace a device of the
// machine.
func fifo(t *testing.T, name, link string) *os.File {
	t.Helper()
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skipf("no FIFO: %v", err)
	}
	must(t, os.Symlink(name, link))
	reader, err := os.OpenFile(name, os.O_RDWR, 0)
	must(t, err)
	t.Cleanup(func() { must(t, reader.Close()) })
	return reader
}

func TestFIFOIsWrittenDirectly(t *testing.T) {
	t.Chdir(t.TempDir())
	reader := fifo(t, "fifo", "link")
	buf := make([]byte, 10)
	for _, name := range []string{"fifo", "link"} {
		must(t, atomicfile.Replace(atomicfile.OS{}, name, 0o644, write("x"+name)))
		if n, err := reader.Read(buf); err != nil || string(buf[:n]) != "x"+name {
			t.Errorf("the reader of %s got %q, %v", name, buf[:n], err)
		}
		p, err := atomicfile.Create(atomicfile.OS{}, name, 0)
		must(t, err)
		must(t, p.Discard())
		broken := errors.New("broken")
		if err := atomicfile.Replace(atomicfile.OS{}, name, 0, func(io.Writer) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode() != os.ModeNamedPipe|0o600 {
			t.Errorf("%s is %v, %v", name, info.Mode(), err)
		}
	}
	noTemps(t, ".")
}

// TestDirectFilesAreClosed checks that no file stays open after Commit or
// Discard.
func TestDirectFilesAreClosed(t *testing.T) {
	t.Chdir(t.TempDir())
	fifo(t, "fifo", "link")
	descriptors.Check(t)
	for _, end := range []func(*atomicfile.Pending) error{(*atomicfile.Pending).Commit, (*atomicfile.Pending).Discard} {
		p, err := atomicfile.Create(atomicfile.OS{}, "fifo", 0)
		must(t, err)
		must(t, end(p))
	}
}
