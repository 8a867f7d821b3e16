//go:build unix

package program

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

// TestUnreadableFile checks that the file is named, and that there is no result
// without it.
func TestUnreadableFile(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every file")
	}
	dir := t.TempDir()
	closed, open := filepath.Join(dir, "closed.csv"), filepath.Join(dir, "open.csv")
	WriteText(t, closed, "patient_id,event_type\nP1,up\n")
	WriteText(t, open, "patient_id,event_type\nP1,up\n")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("fastcount", open, closed)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if code := ExitCode(t, cmd.Run()); code != exitFailure || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "fastcount: "+closed+": ") {
		t.Errorf("exit code %d, %q, %q", code, &stdout, &stderr)
	}
}

func fifo(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFIFOWithoutWriterIsNamed writes to a FIFO after the program has reported
// that it waits.
func TestFIFOWithoutWriterIsNamed(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	cmd := exec.Command("fastcount", "--compact", "--progress", "none", path)
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
	if want := "waiting for a writer of " + path + ", or for data from it\n"; !strings.HasSuffix(line, want) {
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

// TestGlobThatMatchesFIFO checks that the run ends without waiting.
func TestGlobThatMatchesFIFO(t *testing.T) {
	path := fifo(t)
	stdout, stderr, code := runProgram(t, filepath.Join(filepath.Dir(path), "*"))
	if code != exitUsage || stdout != "" || !strings.Contains(stderr, path+": matched by ") || !strings.Contains(stderr, "a FIFO\nhint: ") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}
