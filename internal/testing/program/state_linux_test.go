package program

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// TestFinishedFilesAreNotOpened checks that a run opens none of the files that
// an earlier run has finished, and all others.
func TestFinishedFilesAreNotOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := filepath.Join(t.TempDir(), "state")
	add := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	count := func() string {
		got, err := exec.Command("fastcount", "-q", "--state", state, "--grow", "-s", "csv", filepath.Join(dir, "*.csv")).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	for i := range 3 { // of different sizes, since equal ones are compared when files are added
		add(fmt.Sprintf("%d.csv", i), fmt.Sprintf("patient_id,event_type\nP,e%s\n", strings.Repeat("x", i)))
	}
	count()
	add("new.csv", "patient_id,event_type\nP,quite_new\n")
	for _, want := range [][]string{{"new.csv"}, nil} {
		opened := openedFiles(t, dir)
		if got := count(); got != "patient_id,event_type,count\nP,e,1\nP,ex,1\nP,exx,1\nP,quite_new,1\n" {
			t.Errorf("got %s", got)
		}
		if got := opened(); !slices.Equal(got, want) {
			t.Errorf("opened %q, want %q", got, want)
		}
	}
}

// openedFiles returns a function that returns the names of the files of a
// directory that have been opened since, sorted.
func openedFiles(t *testing.T, dir string) func() []string {
	t.Helper()
	watch, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := syscall.InotifyAddWatch(watch, dir, syscall.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	return func() (names []string) {
		defer syscall.Close(watch)
		buf := make([]byte, 64<<10)
		n, err := syscall.Read(watch, buf)
		if err != nil && err != syscall.EAGAIN {
			t.Fatal(err)
		}
		for buf = buf[:max(n, 0)]; len(buf) > 0; {
			event := (*syscall.InotifyEvent)(unsafe.Pointer(&buf[0]))
			name := buf[syscall.SizeofInotifyEvent:][:event.Len]
			names = append(names, string(bytes.TrimRight(name, "\x00")))
			buf = buf[syscall.SizeofInotifyEvent+event.Len:]
		}
		names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, ".csv") })
		slices.Sort(names)
		return slices.Compact(names)
	}
}
