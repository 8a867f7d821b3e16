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

// program is a fastcount that TestMain has built.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fastcount")
	if err == nil {
		program = filepath.Join(dir, "fastcount")
		var said []byte
		if said, err = exec.Command("go", "build", "-C", "../..", "-o", program, "./cmd/fastcount").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, said)
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

// runAll counts a small export as the tasks of a scheduler, which tells each its index in variable, would count it, and
// compares what they add up to with one run. A folder takes the place of /counting.
func runAll(t *testing.T, shards int, variable string, count, merge []string) {
	t.Helper()
	work := t.TempDir()
	fastcount(t, work, nil, "generate", "demo", "--out-dir", "data")
	files, err := filepath.Glob(filepath.Join(work, "data", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	plan := fastcount(t, work, nil, append([]string{"plan"}, files...)...)
	if err := os.WriteFile(filepath.Join(work, "work.plan"), plan, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range shards {
		fastcount(t, work, []string{fmt.Sprintf("%s=%d", variable, i)}, count...)
	}
	fastcount(t, work, nil, merge...)
	sum, err := os.ReadFile(filepath.Join(work, "counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	if whole := fastcount(t, work, nil, files...); !bytes.Equal(sum, whole) {
		t.Errorf("the shards add up to\n%s\none run counts\n%s", sum, whole)
	}
}

// fastcount runs fastcount, with more variables in its environment, in a folder that takes the place of /counting.
func fastcount(t *testing.T, work string, env []string, args ...string) (stdout []byte) {
	t.Helper()
	moved := make([]string, len(args))
	for i, arg := range args {
		moved[i] = strings.Replace(arg, "/counting/", work+"/", 1)
	}
	cmd := exec.Command(program, moved...)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("fastcount %q: %v\n%s", moved, err, &stderr)
	}
	return stdout
}
