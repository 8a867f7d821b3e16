//go:build unix

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterruptedState: while a run keeps its state no other one may; Ctrl-C ends it with the hint to go on, and the
// same command does.
func TestInterruptedState(t *testing.T) {
	t.Parallel()
	deliver(t, syscall.SIGINT)
	url, asked := slowServer(t, slowExport(6, 400*time.Millisecond))
	folder := filepath.Join(t.TempDir(), "state")
	start := func() (*exec.Cmd, *strings.Builder) {
		var stderr strings.Builder
		cmd := exec.Command("fastcount", "--state", folder, "--transfers", "2", "--server", url, "slow")
		cmd.Stderr = &stderr
		return cmd, &stderr
	}
	first, said := start()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); len(kept(t, folder)) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = first.Process.Kill()
			t.Fatalf("nothing was kept: %v, %s", first.Wait(), said)
		}
	}

	second, refused := start()
	if code := codeOf(t, second.Run()); code != 1 || !strings.Contains(refused.String(), folder+": in use by another fastcount process\nhint: wait") {
		t.Errorf("a second run: exit code %d, %s", code, refused)
	}

	if err := first.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	const hint = "fastcount: interrupted\nhint: repeat the command to continue: finished parts are kept\n"
	if code := codeOf(t, first.Wait()); code != 130 || said.String() != hint {
		t.Errorf("exit code %d, %s", code, said)
	}

	finished := kept(t, folder)
	asked.take()
	third, said := start()
	if code := codeOf(t, third.Run()); code != 0 || !strings.Contains(said.String(), "of them kept by an earlier run") {
		t.Errorf("the next run: exit code %d, %s", code, said)
	}
	for name := range asked.take() {
		if finished[name] {
			t.Errorf("%s was finished, and is asked for again", name)
		}
	}
}
