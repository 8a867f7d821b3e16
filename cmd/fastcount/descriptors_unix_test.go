//go:build unix

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFewDescriptors: whatever the limit of open files, a run succeeds or ends
// with the code of a limit, not with the runtime's 2.
func TestFewDescriptors(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "a.csv"), smallCSV)
	codes := map[int]int{}
	for n := 5; n <= 32; n++ {
		cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -n %d && exec fastcount -q -o out.json a.csv", n))
		cmd.Dir = dir
		var stderr strings.Builder
		cmd.Stderr = &stderr
		code := codeOf(t, cmd.Run())
		codes[code]++
		if code != exitDone && (code != exitLimit || !strings.Contains(stderr.String(), "\nhint: raise the limit, such as with: ulimit -n 1024")) {
			t.Errorf("%d files: exit code %d, %s", n, code, &stderr)
		}
	}
	if codes[exitDone] == 0 || codes[exitLimit] < 5 {
		t.Errorf("exit codes and how often they occurred: %v", codes)
	}
}
