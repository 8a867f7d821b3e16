package program

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// fieldCases is the directory with inputs as people have them. Each line of
// goal.tsv in it is a run: the arguments as words of a shell, the exit code,
// the counts in the JSON result, and a regular expression that standard error
// must match.
const fieldCases = "testdata/field"

// TestFieldCases runs the program as each line of goal.tsv requires.
func TestFieldCases(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		t.Skip("requires a POSIX shell")
	}
	text, err := os.ReadFile(filepath.Join(fieldCases, "goal.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	flags, _, _ := runProgram(t, "help", "flags")
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, line := range lines[1:] {
		goal := strings.Split(line, "\t")
		if len(goal) != 4 {
			t.Fatalf("%q: %d fields, want 4", line, len(goal))
		}
		t.Run(goal[0], func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(goal[0], "--by ") && !strings.Contains(flags, "--by") {
				t.Skip("there is no flag --by yet")
			}
			checkField(t, goal[0], goal[1], goal[2], goal[3])
		})
	}
}

// checkField runs the program with args in the directory of the field cases.
func checkField(t *testing.T, args, exit, counts, stderr string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", "fastcount "+args)
	cmd.Dir = fieldCases
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(), "GORACE=" + RaceOptions}
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages
	if code := strconv.Itoa(ExitCode(t, cmd.Run())); code != exit {
		t.Errorf("exit code %s, want %s: %s", code, exit, &messages)
	}
	if !regexp.MustCompile(stderr).Match(messages.Bytes()) {
		t.Errorf("standard error is %q, want a match of %q", &messages, stderr)
	}
	if counts == "" {
		if out.Len() > 0 {
			t.Errorf("standard output is %q, want nothing", &out)
		}
		return
	}
	var result map[string]any
	var want any
	if err := json.Unmarshal([]byte(counts), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("%v: %q", err, &out)
	}
	member := "patients"
	if strings.HasPrefix(args, "--by ") {
		member = "counts"
	}
	if !reflect.DeepEqual(result[member], want) {
		t.Errorf("counted %v, want %v", result[member], want)
	}
}

// TestFieldCasesAreCurrent compares the field cases with those that were
// delivered with the requirements, where these are present.
func TestFieldCasesAreCurrent(t *testing.T) {
	delivered := os.DirFS("../../../../shared/cases/field")
	if _, err := fs.Stat(delivered, "goal.tsv"); err != nil {
		t.Skip("the requirements are not here")
	}
	want, got := contents(t, delivered), contents(t, os.DirFS(fieldCases))
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: differs", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// contents returns the contents of all files by their names.
func contents(t *testing.T, dir fs.FS) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, name)
		found[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
