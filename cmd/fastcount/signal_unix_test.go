//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
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
			deliver(t, c.signal)
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

// deliver lets the programs that the test starts receive a signal, even if this
// process was started to ignore it, as nohup and shells do: programs inherit
// what is ignored, and not what is caught.
func deliver(t *testing.T, s os.Signal) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, s)
	t.Cleanup(func() { signal.Stop(caught) })
}

// TestSignalIgnoredAtStart: a run that was started to ignore a signal, as in the
// background of a shell, goes on after it, and ends by another one.
func TestSignalIgnoredAtStart(t *testing.T) {
	deliver(t, syscall.SIGTERM)
	for _, end := range []bool{false, true} {
		cmd := exec.Command("sh", "-c", "trap '' INT && exec fastcount -q --compact -")
		var stdout strings.Builder
		cmd.Stdout = &stdout
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// More than a pipe holds: once it is taken, the program is reading.
		if _, err := io.WriteString(stdin, "patient_id,event_type\n"+strings.Repeat("P1,up\n", 30_000)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
		want, code := `{"patients":{"P1":{"up":30001}},"totals":{"up":30001}}`+"\n", exitDone
		if end {
			want, code = "", exitTerminated
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		} else if _, err := io.WriteString(stdin, "P1,up\n"); err != nil {
			t.Fatal(err)
		}
		if !end {
			if err := stdin.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if got := codeOf(t, cmd.Wait()); got != code || stdout.String() != want {
			t.Errorf("exit code %d, want %d; %s", got, code, &stdout)
		}
	}
}

// TestServeStops: a server ends by a signal, also while it is sending.
func TestServeStops(t *testing.T) {
	deliver(t, syscall.SIGINT)
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
