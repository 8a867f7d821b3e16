// Package terminal opens pseudo-terminals. Only tests import it.
package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Open returns the two ends of a pseudo-terminal: what a program that is
// attached to theirs writes is read from ours. The test is skipped where there
// are no pseudo-terminals. Ours is closed when the test ends.
func Open(t testing.TB, columns, rows int) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals: ", err)
	}
	t.Cleanup(func() { check(t, ours.Close()) })
	fd := int(ours.Fd())
	check(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	check(t, err)
	check(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(rows), Col: uint16(columns)}))
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals: ", err)
	}
	return ours, theirs
}

// Attach prepares a command to run in a terminal. Streams that are set already
// stay as they are.
func Attach(cmd *exec.Cmd, theirs *os.File) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Stdin == nil {
		cmd.Stdin = theirs
		cmd.SysProcAttr.Setctty = true
	}
	if cmd.Stdout == nil {
		cmd.Stdout = theirs
	}
	if cmd.Stderr == nil {
		cmd.Stderr = theirs
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
