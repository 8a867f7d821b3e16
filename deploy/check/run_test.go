package check

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program is the path of the fastcount that TestMain builds.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fastcount")
	if err == nil {
		program = filepath.Join(dir, "fastcount")
		var output []byte
		if output, err = exec.Command("go", "build", "-C", "../..", "-o", program, "./cmd/fastcount").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, output)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// runAll counts a small export as the tasks of a scheduler do, with the index
// of each in variable, and compares the merged result with that of one run. A
// temporary directory replaces /counting.
func runAll(t *testing.T, shards int, variable string, count, merge []string) {
	t.Helper()
	dir := t.TempDir()
	fastcount(t, dir, nil, "generate", "demo", "--out-dir", "data")
	files, err := filepath.Glob(filepath.Join(dir, "data", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	plan := fastcount(t, dir, nil, append([]string{"plan"}, files...)...)
	if err := os.WriteFile(filepath.Join(dir, "work.plan"), plan, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range shards {
		fastcount(t, dir, []string{fmt.Sprintf("%s=%d", variable, i)}, count...)
	}
	fastcount(t, dir, nil, merge...)
	sum, err := os.ReadFile(filepath.Join(dir, "counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if whole := fastcount(t, dir, nil, files...); !bytes.Equal(sum, whole) {
		t.Errorf("the shards add up to\n%s\none run counts\n%s", sum, whole)
	}
}

// fastcount runs fastcount with additional environment variables, in a
// directory that replaces /counting.
func fastcount(t *testing.T, dir string, env []string, args ...string) (stdout []byte) {
	t.Helper()
	moved := make([]string, len(args))
	for i, arg := range args {
		moved[i] = strings.Replace(arg, "/counting/", dir+"/", 1)
	}
	cmd := exec.Command(program, moved...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("fastcount %q: %v\n%s", moved, err, &stderr)
	}
	return stdout
}
