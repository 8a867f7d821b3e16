package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/internal/testing/proof"
)

const page = `| what | cases | time |
|---|---|---|
| strings <!-- strings --> | 3 | 9 s | found two |
| cuts <!-- cuts --> | | |
no row <!-- cuts -->
`

func TestFill(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "page.md")
	t.Setenv(proof.DirEnv, dir)
	t.Run("tried", func(t *testing.T) {
		proof.Begin(t, "strings").Add(1_234_000)
		proof.Begin(t, "cuts").Add(7)
	})
	t.Run("tried again", func(t *testing.T) { proof.Begin(t, "strings").Add(567) })
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(dir, file, true, &out); err == nil || !strings.Contains(out.String(), `strings: the page has "3", want 1,234,567`) {
		t.Errorf("check: %v, %s", err, &out)
	}
	if err := run(dir, file, false, &out); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("| 3 | 9 s |", "| 1,234,567 | under 1 s |", "| | |", "| 7 | under 1 s |").Replace(page)
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := run(dir, file, true, &out); err != nil {
		t.Error(err)
	}
	t.Run("nowhere", func(t *testing.T) { proof.Begin(t, "other").Add(1) })
	if err := run(dir, file, true, &out); err == nil || !strings.Contains(out.String(), "other: no row") {
		t.Errorf("a record without a row: %v", err)
	}
}
