package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"fastcount/internal/cli"
)

// TestReferencesAreUpToDate: what is generated from the flags and lies in docs is what the program would write now.
func TestReferencesAreUpToDate(t *testing.T) {
	for _, c := range []struct{ file, topic, want string }{
		{"docs/fastcount.1", "man", cli.ManPage(newRoot(testProgram()), texts())},
		{"docs/flags.md", "flags", cli.FlagDocs(newRoot(testProgram()))},
	} {
		got, err := os.ReadFile("../../" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		if string(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n"))) != c.want {
			t.Errorf("%s is out of date; write it anew: go run ./cmd/fastcount help %s >%s", c.file, c.topic, c.file)
		}
	}
}

// TestUsageListsExitCodes compares the table of docs/usage.md with exitCodes.
func TestUsageListsExitCodes(t *testing.T) {
	page, err := os.ReadFile("../../docs/usage.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(strings.ReplaceAll(string(page), "\r\n", "\n"), "\n| code | meaning |\n|---|---|\n")
	var want strings.Builder
	for _, c := range exitCodes {
		fmt.Fprintf(&want, "| %d | %s |\n", c.code, c.meaning)
	}
	if table != want.String() {
		t.Errorf("docs/usage.md lists other exit codes; want\n%s", &want)
	}
}

// TestManPage: groff has nothing to complain of.
func TestManPage(t *testing.T) {
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("there is no groff")
	}
	cmd := exec.Command("groff", "-ww", "-man", "-Tascii")
	cmd.Stdin = strings.NewReader(cli.ManPage(newRoot(testProgram()), texts()))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v: %s", err, &stderr)
	}
	for _, want := range []string{`\xNN`, "'K: V'", "FORMAT[=FILE]"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the page does not show %s", want)
		}
	}
}
