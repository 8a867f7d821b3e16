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
	"time"

	"fastcount/engine"
	"fastcount/sources"
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

// TestFIFOWatch: a FIFO is reported once, some time after it was first waited
// for, and not when it has given data.
func TestFIFOWatch(t *testing.T) {
	path := fifo(t)
	regular := filepath.Join(filepath.Dir(path), "a.csv")
	writeText(t, regular, "patient_id,event_type\n")
	var parts []engine.Part
	for _, name := range []string{regular, path, path} {
		f, err := sources.NewFile(name, sources.LocalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, f)
	}
	if watchFIFOs(parts[:1]) != nil {
		t.Error("a regular file is watched")
	}
	w, begin := watchFIFOs(parts), time.Now()
	look := func(after time.Duration, first, second engine.PartProgress) string {
		first.Name, second.Name = "first", "second"
		return strings.Join(w.silent([]engine.PartProgress{{Name: "regular", State: engine.Running}, first, second}, begin.Add(after)), " ")
	}
	waiting, running := engine.PartProgress{State: engine.Waiting}, engine.PartProgress{State: engine.Running}
	for i, step := range []struct {
		after         time.Duration
		first, second engine.PartProgress
		want          string
	}{
		{0, waiting, running, ""},
		{time.Hour, waiting, engine.PartProgress{State: engine.Running, RawBytes: 1}, ""},
		{2 * time.Hour, running, running, ""},
		{2*time.Hour + fifoPatience - 1, running, running, ""},
		{2*time.Hour + fifoPatience, running, running, "first"},
		{3 * time.Hour, running, running, ""},
	} {
		if got := look(step.after, step.first, step.second); got != step.want {
			t.Errorf("step %d: got %q, want %q", i, got, step.want)
		}
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
