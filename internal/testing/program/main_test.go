package program

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Exit codes of the program.
const (
	exitDone       = 0
	exitFailure    = 1
	exitUsage      = 2
	exitIncomplete = 3
	exitRetries    = 5
	exitLimit      = 8
	exitBrokenPipe = 141
	exitTerminated = 143
)

// TestMain builds the program and puts it first in PATH. Flags that the
// environment sets do not apply to it.
func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	if os.Getenv(measurerVariable) != "" {
		return m.Run() // only runs a command
	}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "FASTCOUNT_") { // a flag
			name, _, _ := strings.Cut(v, "=")
			os.Unsetenv(name)
		}
	}
	dir, err := os.MkdirTemp("", "fastcount-program")
	if err == nil {
		defer os.RemoveAll(dir)
		err = BuildGuarded(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	os.Setenv("GORACE", RaceOptions)
	return m.Run()
}

// measurerVariable makes TestMeasurer run a command.
const measurerVariable = "FASTCOUNT_TEST_MEASURER"

const smallCSV = "patient_id,event_type\nP1,up\n"

// runProgram runs fastcount and returns its output and exit code.
func runProgram(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, messages strings.Builder
	cmd := exec.Command("fastcount", args...)
	cmd.Stdout, cmd.Stderr = &out, &messages
	code = ExitCode(t, cmd.Run())
	return out.String(), messages.String(), code
}
