//go:build unix

package program

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestInterruptedState checks that two runs cannot use one directory, that
// Ctrl-C prints how to continue, and that the same command then continues.
func TestInterruptedState(t *testing.T) {
	t.Parallel()
	deliver(t, syscall.SIGINT)
	e, gate := slowExport(6, 0), make(chan struct{})
	for i := range e.Downloads[2:] {
		body := e.Downloads[2+i].Body
		e.Downloads[2+i].Body = func(w io.Writer) error { <-gate; return body(w) }
	}
	url, requested := slowServer(t, e)
	open := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(open)
	dir := filepath.Join(t.TempDir(), "state")
	start := func() (*exec.Cmd, *strings.Builder) {
		var stderr strings.Builder
		cmd := exec.Command("fastcount", "--state", dir, "--transfers", "2", "--progress", "none",
			"--header-timeout", "10m", "--idle-timeout", "10m", "--server", url, "slow")
		cmd.Stderr = &stderr
		return cmd, &stderr
	}
	first, messages := start()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); len(kept(t, dir)) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = first.Process.Kill()
			t.Fatalf("nothing was kept: %v, %s", first.Wait(), messages)
		}
	}

	second, refused := start()
	if code := ExitCode(t, second.Run()); code != 1 || !strings.Contains(refused.String(), dir+": in use by another fastcount process\nhint: wait") {
		t.Errorf("a second run: exit code %d, %s", code, refused)
	}

	if err := first.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	const hint = "fastcount: interrupted\nhint: repeat the command to continue: finished parts are kept\n"
	if code := ExitCode(t, first.Wait()); code != 130 || messages.String() != hint {
		t.Errorf("exit code %d, %s", code, messages)
	}

	finished := kept(t, dir)
	requested.take()
	open()
	third, messages := start()
	if code := ExitCode(t, third.Run()); code != 0 || !strings.Contains(messages.String(), "of them kept by an earlier run") {
		t.Errorf("the next run: exit code %d, %s", code, messages)
	}
	for name := range requested.take() {
		if finished[name] {
			t.Errorf("%s was finished, and is requested again", name)
		}
	}
}

// TestStateCannotBeSaved checks that a run whose finished parts cannot be saved
// fails and writes no result.
func TestStateCannotBeSaved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state, input, output := filepath.Join(dir, "state"), filepath.Join(dir, "a.csv"), filepath.Join(dir, "out.json")
	if err := os.WriteFile(input, []byte("patient_id,event_type\nP,e\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	remove := "sh -c 'rm -r " + state + "; cat'"
	got, err := exec.Command("fastcount", "-q", "--state", state, "--pre", remove, "-o", output, input).CombinedOutput()
	want := "fastcount: --state: cannot save the counts of finished parts: "
	if code := ExitCode(t, err); code != 1 || !strings.HasPrefix(string(got), want) {
		t.Errorf("exit code %d, %s", code, got)
	}
	if _, err := os.Stat(output); err == nil {
		t.Error("a result was written")
	}
}
