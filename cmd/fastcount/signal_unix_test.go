//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals: a run whose read is stuck, on a pipe that nobody writes to, ends soon after the first signal.
func TestSignals(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		code   int
		says   string
	}{
		{syscall.SIGINT, 130, "fastcount: interrupted\n"},
		{syscall.SIGTERM, 143, "fastcount: terminated\n"},
	} {
		t.Run(c.signal.String(), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("fastcount", "-", "--cpuprofile", filepath.Join(t.TempDir(), "cpu"))
			var stderr strings.Builder
			cmd.Stderr = &stderr
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer stdin.Close()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// Once a pipe's worth was taken and more, the program is reading, and its signals are caught.
			if _, err := io.WriteString(stdin, "patient_id,event_type\n"+strings.Repeat("P1,up\n", 30_000)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond) // time to empty the pipe and be stuck; if it is not, the test is only milder
			begin := time.Now()
			if err := cmd.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			if got := codeOf(t, cmd.Wait()); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("it took %v to end", took)
			}
			if stderr.String() != c.says {
				t.Errorf("it said %q", &stderr)
			}
		})
	}
}

// TestServeStops: a server ends by a signal, also while it is sending.
func TestServeStops(t *testing.T) {
	cmd := exec.Command("fastcount", "serve", "--listen", "127.0.0.1:0")
	_, stop, err := startServer(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := codeOf(t, cmd.Wait()); got != 130 {
		t.Errorf("exit code %d, want 130", got)
	}
}

// TestClosedOutput: the program ends without a word, and leaves no temporary file.
func TestClosedOutput(t *testing.T) {
	dir := t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := exec.Command("fastcount", "-q", "-s", "json", "-s", "csv="+filepath.Join(dir, "x.csv"), "demo")
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = w, &stderr
	if got := codeOf(t, cmd.Run()); got != exitBrokenPipe {
		t.Errorf("exit code %d", got)
	}
	if stderr.Len() > 0 {
		t.Errorf("it said %q", &stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}
