//go:build !race

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// buildProgram makes the program as people have it; the test binary, which can be the program too, is larger.
func buildProgram(t *testing.T) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "fastcount")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// outcome is what a program did, and what the kernel says that it took.
type outcome struct {
	Code   int
	Took   time.Duration
	CPU    time.Duration // of processors: what it would have taken on a machine that does nothing else
	Peak   int64         // KiB in memory
	Stdout string
	Stderr string
}

// measurerVariable turns TestMeasurer into the measurer.
const measurerVariable = "FASTCOUNT_TEST_MEASURER"

// measure runs a command. The peak of a process begins with that of the one that started it, which is this test with
// all its servers; so one that is still small stands in between.
func measure(t *testing.T, command ...string) (m outcome) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-test.run=^TestMeasurer$", "--"}, command...)...)
	cmd.Env = append(os.Environ(), measurerVariable+"=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	err = json.NewDecoder(stdout).Decode(&m)
	_, restErr := io.Copy(io.Discard, stdout) // what a test says at its end
	if err := errors.Join(err, restErr, cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMeasurer is no test but the process in between.
func TestMeasurer(t *testing.T) {
	if os.Getenv(measurerVariable) == "" {
		t.Skip("it is for the tests that measure")
	}
	cmd := exec.Command(flag.Arg(0), flag.Args()[1:]...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "FASTCOUNT_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	code := codeOf(t, cmd.Run())
	m := outcome{Code: code, Took: time.Since(begin), Stdout: stdout.String(), Stderr: stderr.String()}
	m.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	m.Peak = int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	if err := json.NewEncoder(os.Stdout).Encode(m); err != nil {
		t.Fatal(err)
	}
}
