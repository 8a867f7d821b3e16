package program

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/internal/testing/terminal"
)

// onTerminal runs a command in a terminal of 80 columns, except for the streams
// that are set, and returns the text on the terminal.
func onTerminal(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	ours, theirs := terminal.Open(t, 80, 24)
	terminal.Attach(cmd, theirs)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil { // so that reading ends when the command does
		t.Fatal(err)
	}
	shown, _ := io.ReadAll(ours) // ends with EIO
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%q: %v, %s", cmd.Args, err, shown)
	}
	return string(shown)
}

// TestColoursOfATable checks that a table has colours on a terminal that
// supports them, unless NO_COLOR is set, or with --color always.
func TestColoursOfATable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.csv")
	WriteText(t, file, smallCSV)
	for _, c := range []struct {
		flag, environ string
		terminal      bool
		want          bool
	}{
		{"", "TERM=xterm", true, true},
		{"auto", "TERM=xterm", true, true},
		{"always", "TERM=xterm", true, true},
		{"never", "TERM=xterm", true, false},
		{"", "TERM=dumb", true, false},
		{"", "NO_COLOR=1", true, false},
		{"always", "NO_COLOR=1", true, true},
		{"always", "TERM=dumb", true, true},
		{"", "TERM=xterm", false, false},
		{"always", "TERM=xterm", false, true},
		{"never", "TERM=xterm", false, false},
	} {
		cmd := exec.Command("fastcount", "-q", "-s", "table", file)
		if c.flag != "" {
			cmd.Args = append(cmd.Args, "--color", c.flag)
		}
		cmd.Env = []string{"TERM=xterm", c.environ, "GORACE=" + RaceOptions}
		var shown string
		if c.terminal {
			shown = onTerminal(t, cmd)
		} else {
			text, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			shown = string(text)
		}
		if !strings.Contains(shown, "totals") || strings.Contains(shown, "\x1b[") != c.want {
			t.Errorf("--color %q, %s, terminal %v: %q", c.flag, c.environ, c.terminal, shown)
		}
	}
}

// TestTableFillsTheTerminal checks that a table is as wide as the terminal, but
// not in a file.
func TestTableFillsTheTerminal(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.csv")
	var csv strings.Builder
	csv.WriteString("patient_id,event_type\n")
	for i := range 12 {
		csv.WriteString("P1,event-" + strings.Repeat(string(rune('A'+i)), 6) + "\n")
	}
	WriteText(t, file, csv.String())
	ours, theirs := terminal.Open(t, 200, 24)
	cmd := exec.Command("fastcount", "-q", "-s", "table", "--color", "never", "-s", "table="+filepath.Join(dir, "table"), file)
	terminal.Attach(cmd, theirs)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	shown, _ := io.ReadAll(ours)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(shown), "\r\n")
	if len(first) <= 80 || len(first) > 200 {
		t.Errorf("%d columns of 200: %q", len(first), first)
	}
	text, err := os.ReadFile(filepath.Join(dir, "table"))
	if first, _, _ = strings.Cut(string(text), "\n"); err != nil || len(first) > 80 || len(first) < 60 {
		t.Errorf("in a file, %d columns: %q, %v", len(first), first, err)
	}
}

// TestNamesOnATerminal checks that a file name cannot control a terminal on
// standard error.
func TestNamesOnATerminal(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a\x1b[2J\rfastcount: b.csv")
	WriteText(t, file, smallCSV)
	cmd := exec.Command("fastcount", "-v", "--progress", "bar", "-o", "out.json", "./"+filepath.Base(file))
	cmd.Dir, cmd.Env = dir, []string{"TERM=xterm", "GORACE=" + RaceOptions}
	if shown := onTerminal(t, cmd); strings.Contains(shown, "\x1b[2J") || !strings.Contains(shown, `a\x1b[2J\rfastcount: b.csv: 1 row`) {
		t.Errorf("%q", shown)
	}
}
