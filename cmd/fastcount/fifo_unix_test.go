//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func fifo(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFIFOWithoutWriterIsNamed waits for the notice, and only then writes.
func TestFIFOWithoutWriterIsNamed(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	cmd := exec.Command("fastcount", "--compact", path)
	var stdout strings.Builder
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	messages := bufio.NewReader(stderr)
	line, err := messages.ReadString('\n')
	if want := "fastcount: waiting for a writer of " + path + ", or for data from it\n"; line != want {
		_ = cmd.Process.Kill()
		t.Errorf("got %q, %v; want %q", line, err, want)
	} else if err := os.WriteFile(path, []byte("patient_id,event_type\nP1,up\n"), 0); err != nil {
		t.Error(err)
	}
	rest, _ := io.ReadAll(messages)
	if err := cmd.Wait(); err != nil || !strings.Contains(stdout.String(), `{"P1":{"up":1}}`) || strings.Contains(string(rest), "waiting") {
		t.Errorf("%v, %q, %q", err, &stdout, rest)
	}
}

// TestGlobThatMatchesFIFO: the run ends at once.
func TestGlobThatMatchesFIFO(t *testing.T) {
	path := fifo(t)
	stdout, stderr, code := runProgram(t, filepath.Join(filepath.Dir(path), "*"))
	if code != exitUsage || stdout != "" || !strings.Contains(stderr, path+": matched by ") || !strings.Contains(stderr, "a FIFO\nhint: ") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}
