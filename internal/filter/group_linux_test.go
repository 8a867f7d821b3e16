package filter_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"fastcount/internal/filter"
)

// alive reports whether a process runs.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// The processes that a command started are killed with it.
func TestGroupIsKilled(t *testing.T) {
	p, err := command(t, "child-hang").Start(t.Context(), strings.NewReader(""), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(bufio.NewReader(p), &pid); err != nil {
		t.Fatal(err)
	}
	if !alive(pid) {
		t.Fatalf("process %d does not run", pid)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	for range 100 {
		if !alive(pid) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("process %d survives the command", pid)
	syscall.Kill(pid, syscall.SIGKILL)
}

// A command ends while a process that it started holds its output open. That is
// a stall, because the output might not be complete.
func TestOutputHeldOpen(t *testing.T) {
	out, err := run(t, "child", strings.NewReader(""), 300*time.Millisecond)
	var pid int
	fmt.Sscan(out, &pid)
	if !errors.Is(err, filter.ErrStalled) || pid == 0 {
		t.Errorf("got %q, %v", out, err)
	}
	syscall.Kill(pid, syscall.SIGKILL)
}

// Neither descriptors nor zombies remain, however a command ends.
func TestNothingRemains(t *testing.T) {
	before := descriptors(t)
	for range 20 {
		for _, args := range []string{"cat", "fail x", "print x"} {
			_, _ = run(t, args, strings.NewReader(strings.Repeat("x", 1<<18)), time.Minute)
		}
		_, _ = run(t, "cat", io.LimitReader(iotestReader{}, 1<<17), time.Minute)
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child remains: process %d, %v", pid, err)
	}
}

// iotestReader returns zeros.
type iotestReader struct{}

func (iotestReader) Read(p []byte) (int, error) { return len(p), nil }

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
