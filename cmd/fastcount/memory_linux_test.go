//go:build !race

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSystemLimitsEndARun lowers a limit of the system until a run fails: it
// fails with the code of a limit, not with the runtime's 2.
func TestSystemLimitsEndARun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.csv")
	writeText(t, file, smallCSV)
	for letter, name := range map[string]string{"v": "address space", "d": "data"} {
		failed := false
		for kilobytes := 64 << 20; !failed && kilobytes > 1<<10; kilobytes -= kilobytes / 20 {
			cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -%s %d && exec fastcount -q %s", letter, kilobytes, file))
			var stderr strings.Builder
			cmd.Stderr = &stderr
			code := codeOf(t, cmd.Run())
			if failed = code != exitDone; failed && (code != exitLimit || !strings.Contains(stderr.String(), name)) {
				t.Errorf("ulimit -%s %d: exit code %d, %s", letter, kilobytes, code, &stderr)
			}
		}
		if !failed {
			t.Errorf("no run failed of the limit of %s", name)
		}
		cmd := exec.Command("sh", "-c", "ulimit -"+letter+" 67108864 && exec fastcount -q --max-memory 1M "+file)
		if code := codeOf(t, cmd.Run()); code != exitLimit {
			t.Errorf("--max-memory next to a limit of %s: exit code %d", name, code)
		}
	}
}
