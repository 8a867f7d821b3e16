//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// resultCommands are commands whose result goes to standard output. Partial
// results are in the directory parts.
var resultCommands = []string{
	"a.csv", "-s csv a.csv", "-s json=x -s table a.csv", "-o - a.csv", "--max-bad-rows 1 --rejects - -o x a.csv", "--dry-run a.csv",
	"plan a.csv", "plan --scan a.csv", "merge parts", "merge -s csv parts", "merge --missing parts", "exports", "demo",
	"help", "help csv", "--help", "plan --help", "version", "--version", "completion bash",
}

// resultDir makes a directory with input for the resultCommands.
func resultDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "a.csv"), smallCSV)
	cmd := exec.Command("sh", "-c", "fastcount plan -q a.csv >work.plan && fastcount -q --plan work.plan --shard 0/1 --out-dir parts")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return dir
}

// TestClosedStandardOutputIsRefused: no command reports success where its
// result was lost, and none counts for it.
func TestClosedStandardOutputIsRefused(t *testing.T) {
	dir := resultDir(t)
	for _, redirect := range []string{">&-", "1<>/dev/null", "1</dev/null", "1<work.plan"} {
		for _, command := range resultCommands {
			cmd := exec.Command("sh", "-c", "fastcount "+command+" "+redirect)
			cmd.Dir = dir
			var stderr strings.Builder
			cmd.Stderr = &stderr
			code := codeOf(t, cmd.Run())
			if code != exitUsage || !strings.HasPrefix(stderr.String(), "fastcount: standard output ") || !strings.Contains(stderr.String(), "\nhint: ") {
				t.Errorf("fastcount %s %s: exit code %d, %s", command, redirect, code, &stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
				t.Fatalf("fastcount %s %s: wrote another output", command, redirect)
			}
		}
	}
}

// TestDiscardedStandardOutput: what a shell discards is not refused, and a
// command whose result is in a file needs no standard output.
func TestDiscardedStandardOutput(t *testing.T) {
	dir := resultDir(t)
	commands := []string{"-o y a.csv >&-", "-o y a.csv 1<>/dev/null", "a.csv 1<>y", "merge -o y parts >&-", "merge --partial z parts >&-"}
	for _, command := range resultCommands {
		commands = append(commands, command+" >/dev/null")
	}
	for _, command := range commands {
		cmd := exec.Command("sh", "-c", "fastcount "+command)
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("fastcount %s: %v, %s", command, err, text)
		}
	}
}

// TestFullStandardOutput: a result that cannot be written is a failure.
func TestFullStandardOutput(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	dir := resultDir(t)
	for _, command := range resultCommands {
		cmd := exec.Command("sh", "-c", "fastcount "+command+" >/dev/full")
		cmd.Dir = dir
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if code := codeOf(t, cmd.Run()); code != exitFailure || !strings.Contains(stderr.String(), "no space left on device") {
			t.Errorf("fastcount %s: exit code %d, %s", command, code, &stderr)
		}
	}
}

// TestReaderThatLeft: all commands end as a shell expects when nobody reads
// their result.
func TestReaderThatLeft(t *testing.T) {
	dir := resultDir(t)
	for _, command := range resultCommands {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd := exec.Command("fastcount", strings.Fields(command)...)
		cmd.Dir, cmd.Stdout = dir, w
		if code := codeOf(t, cmd.Run()); code != exitBrokenPipe {
			t.Errorf("fastcount %s: exit code %d", command, code)
		}
		w.Close()
	}
}
