package filter_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"fastcount/internal/filter"
	"fastcount/internal/testing/patience"
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
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if !alive(pid) {
			return
		}
	}
	t.Errorf("process %d survives the command", pid)
	syscall.Kill(pid, syscall.SIGKILL)
}

// A command ends while a process that it started holds its output open. That is
// a stall, because the output might not be complete.
func TestOutputHeldOpen(t *testing.T) {
	patience.Retry(t, func(scale time.Duration) error {
		out, err := run(t, "child", strings.NewReader(""), 300*time.Millisecond*scale)
		var pid int
		if n, _ := fmt.Sscan(out, &pid); n == 1 {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		if !errors.Is(err, filter.ErrStalled) || pid == 0 {
			return fmt.Errorf("got %q, %v", out, err)
		}
		return nil
	})
}

// The time in which this process is suspended does not count as time without
// progress.
func TestSuspended(t *testing.T) {
	patience.Retry(t, func(scale time.Duration) error {
		out, err := exec.Command(os.Args[0], "helper", "reader", fmt.Sprint(800*time.Millisecond*scale)).CombinedOutput()
		if string(out) != "first\nlast\n" || err != nil {
			return fmt.Errorf("got %q, %v", out, err)
		}
		return nil
	})
}

func init() {
	// Prints the output of suspender, with a limit of the time without
	// progress.
	systemHelpers["reader"] = func(args []string) int {
		c, err := filter.Parse("'" + os.Args[0] + "' helper suspender " + args[0])
		if err != nil {
			panic(err)
		}
		p, err := c.Start(context.Background(), strings.NewReader(""), duration(args[0]))
		if err != nil {
			panic(err)
		}
		if _, err := io.Copy(os.Stdout, p); err != nil {
			fmt.Println(err)
			return 1
		}
		return 0
	}
	// Suspends the process that reads its output for longer than the limit, and
	// is silent for a shorter time.
	systemHelpers["suspender"] = func(args []string) int {
		limit := duration(args[0])
		fmt.Println("first")
		time.Sleep(limit / 8)
		syscall.Kill(os.Getppid(), syscall.SIGSTOP)
		time.Sleep(limit * 5 / 4)
		syscall.Kill(os.Getppid(), syscall.SIGCONT)
		time.Sleep(limit / 8)
		fmt.Println("last")
		return 0
	}
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
