//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnreadableFile: it is named, and nothing is counted without it.
func TestUnreadableFile(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every file")
	}
	dir := t.TempDir()
	closed, open := filepath.Join(dir, "closed.csv"), filepath.Join(dir, "open.csv")
	writeText(t, closed, "patient_id,event_type\nP1,up\n")
	writeText(t, open, "patient_id,event_type\nP1,up\n")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("fastcount", open, closed)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if code := codeOf(t, cmd.Run()); code != exitFailure || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "fastcount: "+closed+": ") {
		t.Errorf("exit code %d, %q, %q", code, &stdout, &stderr)
	}
}
