package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/internal/testing/proof"
)

const page = `| what | cases |
|---|---|
| strings <!-- strings --> | 3 |
| cuts <!-- cuts --> | |
no row <!-- cuts -->
`

// envRecord is set in the process whose output TestFill reads.
const envRecord = "FASTCOUNT_TEST_RECORD"

func TestFill(t *testing.T) {
	if os.Getenv(envRecord) != "" {
		proof.Cases(t, "strings", 1_234_000)
		t.Run("more strings", func(t *testing.T) { proof.Cases(t, "strings", 567) })
		t.Run("cuts", func(t *testing.T) { proof.Cases(t, "cuts", 7) })
		return
	}
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^TestFill$")
	cmd.Env = append(os.Environ(), envRecord+"=1")
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}

	checkError(t, run(bytes.NewReader(output), file, true), `strings: the page has "3", want 1,234,567`)
	if err := run(bytes.NewReader(output), file, false); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("| 3 |", "| 1,234,567 |", "| |\n", "| 7 |\n").Replace(page)
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := run(bytes.NewReader(output), file, true); err != nil {
		t.Error(err)
	}
	more := string(output) + "=== ATTR  TestOther " + proof.Prefix + "other 1\n"
	checkError(t, run(strings.NewReader(more), file, true), "other: no row on the page")
	checkError(t, run(strings.NewReader(""), file, true), "cuts: no test has this key")
}

// checkError checks that err contains text.
func checkError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want %s", err, text)
	}
}

func TestBound(t *testing.T) {
	for value, want := range map[string]int{"": 6, "1": 8} {
		t.Setenv(proof.LongEnv, value)
		if got := proof.Bound(6, 8); got != want {
			t.Errorf("%s=%s: got %d, want %d", proof.LongEnv, value, got, want)
		}
	}
}
