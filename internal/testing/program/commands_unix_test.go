//go:build unix

package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestSignalEndsCommand checks that a signal also ends the command of --pre,
// and the processes that it started.
func TestSignalEndsCommand(t *testing.T) {
	deliver(t, syscall.SIGINT)
	dir := t.TempDir()
	file, started := filepath.Join(dir, "a.csv"), filepath.Join(dir, "started")
	WriteText(t, file, smallCSV)
	script := fmt.Sprintf(`sleep 1000 & echo $! >%s.new; mv %s.new %s; wait`, started, started, started)
	cmd := exec.Command("fastcount", "--pre", fmt.Sprintf("sh -c '%s'", script), file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	for limit := time.Now().Add(30 * time.Second); pid == 0 && time.Now().Before(limit); {
		time.Sleep(10 * time.Millisecond)
		text, _ := os.ReadFile(started) // it does not exist yet
		_, _ = fmt.Sscan(string(text), &pid)
	}
	if pid == 0 {
		_ = cmd.Process.Kill()
		t.Fatalf("the command has not started: %v", cmd.Wait())
	}
	begin := time.Now()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := ExitCode(t, cmd.Wait()); got != 130 || time.Since(begin) > time.Minute {
		t.Errorf("exit code %d after %v, want 130", got, time.Since(begin))
	}
	for deadline := time.Now().Add(time.Minute); syscall.Kill(pid, 0) == nil && !isZombie(pid); {
		if time.Now().After(deadline) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("process %d of the command survives", pid)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// isZombie reports whether a process has ended and only its parent was not
// informed yet.
func isZombie(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", fmt.Sprint(pid)).Output()
	return err == nil && len(out) > 0 && out[0] == 'Z'
}
