package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/checkpoint"
	"fastcount/internal/cli"
	"fastcount/internal/stats"
)

// TestMessagesFollowTheStructure: only errors that are several give several
// lines, never a line break in a text.
func TestMessagesFollowTheStructure(t *testing.T) {
	a, b := errors.New("a\nfastcount: b"), errors.New("c")
	for _, c := range []struct {
		err  error
		want []string
	}{
		{a, []string{"a\nfastcount: b"}},
		{errors.Join(a, b), []string{"a\nfastcount: b", "c"}},
		{errors.Join(a, errors.Join(b, a)), []string{"a\nfastcount: b", "c", "a\nfastcount: b"}},
		{fmt.Errorf("x: %w", errors.Join(a, b)), []string{"x: a\nfastcount: b", "c"}},
		{fmt.Errorf("x: %w (y)", errors.Join(a, b)), []string{"x: a\nfastcount: b", "c (y)"}},
		{fmt.Errorf("x: %w", fmt.Errorf("y: %w", a)), []string{"x: y: a\nfastcount: b"}},
		{fmt.Errorf("%w: %w", a, b), []string{"a\nfastcount: b: c"}},
		{cli.Usage(errors.Join(a, b)), []string{"a\nfastcount: b", "c"}},
		{failed(engine.PartReport{Name: "p\nq", Err: errors.Join(a, b)}, engine.PartReport{Name: "r", Attempts: 2, Err: b}),
			[]string{"p\nq: a\nfastcount: b", "c", "r: c (attempt 2)"}},
		{&incompleteError{[]*engine.PartError{{Part: "p\nq", Err: a}, {Part: "r", Err: b}}},
			[]string{"the result is incomplete: p\nq: a\nfastcount: b", "the result is incomplete: r: c"}},
		{fmt.Errorf("--state: %w", &checkpoint.DifferentError{Dir: "d\ne", Differences: []string{"f\ng", "h"}}),
			[]string{"--state: d\ne: checkpoint of another run:", "f\ng", "h"}},
	} {
		if got := cli.Messages(c.err); !slices.Equal(got, c.want) {
			t.Errorf("messages(%q) = %q, want %q", c.err, got, c.want)
		}
	}
}

// failed returns the error of a run of which these parts failed.
func failed(parts ...engine.PartReport) error {
	for i := range parts {
		parts[i].Failed = true
	}
	return (&engine.Report{Parts: parts}).ExpectRows(0)
}

// TestFileNamesForgeNoLine: a name with a line break, a terminal's escape or a
// change of direction is escaped in everything that people read, and exact in
// JSON.
func TestFileNamesForgeNoLine(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such names")
	}
	const forged = "x\nfastcount: 9 rows, all is well\x1b[2J\u202e.csv"
	const shown = `x\nfastcount: 9 rows, all is well\x1b[2J\u202e.csv`
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, forged), "patient_id,event_type\nP1,up\nP2\n")
	for _, args := range [][]string{
		{"./" + forged},
		{"--allow-partial", "./" + forged},
		{"--max-bad-rows=1", "-v", "--stats", "--progress=log", "-o=out\n" + forged, "./" + forged},
		{"--max-bad-rows=1", "-s=table", "./" + forged},
		{"--dry-run", "-o=out\n" + forged, "--state=state\n" + forged, "./" + forged},
		{"./missing\n" + forged},
		{"-o=./" + forged, "./" + forged},
		{"--token-file=missing\n" + forged, "./" + forged},
		{"--files-from=missing\n" + forged},
		{"merge", "missing\n" + forged},
		{"merge", forged},
		{"plan", "missing\n" + forged},
		{"--plan=missing\n" + forged, "--shard=0/1", "--out-dir=x"},
		{"-s=" + forged, "./" + forged},
		{"--" + forged},
		{forged},
		{"export:" + forged},
		{"generate", "--out-dir=x", forged},
		{"serve", "--data=missing\n" + forged},
		{"serve", "--listen=" + forged},
	} {
		for _, logs := range []string{"text", "json"} {
			cmd := exec.Command("fastcount", args...)
			cmd.Dir = dir
			cmd.Env = append(cmd.Environ(), "FASTCOUNT_LOG_FORMAT="+logs)
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run() // whatever comes of it
			all := stdout.String() + stderr.String()
			for _, hidden := range []string{"\nfastcount: 9", "\x1b", "\u202e"} {
				if strings.Contains(all, hidden) {
					t.Errorf("%q, %s: %q is in %q", args, logs, hidden, all)
				}
			}
			if logs == "json" && strings.HasPrefix(stderr.String(), "{") && !containsName(loggedText(t, stderr.String()), forged) {
				t.Errorf("%q: the exact name is not in %s", args, &stderr)
			}
			if logs == "text" && !strings.Contains(all, shown) && !strings.Contains(all, `fastcount: 9`) {
				t.Errorf("%q: no name in %q", args, all)
			}
		}
	}
}

// containsName reports whether text holds a name, as it is or quoted.
func containsName(text, name string) bool {
	return strings.Contains(text, name) || strings.Contains(text, strconv.Quote(name))
}

// loggedText returns the messages of lines of JSON.
func loggedText(t *testing.T, lines string) (text string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var entry struct{ Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			return text // help and statistics are not JSON
		}
		text += entry.Msg + "\n"
	}
	return text
}

// TestJSONKeepsNames: statistics hold the exact name, and none of its
// characters control a terminal.
func TestJSONKeepsNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such names")
	}
	const name = "./x\n\x1b[2J\u202e\u009b.csv"
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, name), "patient_id,event_type\nP1,up\nP2\n")
	cmd := exec.Command("fastcount", "-q", "--max-bad-rows=1", "--stats=json", "-o", "/dev/null", name)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if code := codeOf(t, cmd.Run()); code != exitIncomplete {
		t.Fatalf("exit code %d, %s", code, &stderr)
	}
	line, _, _ := strings.Cut(stderr.String(), "\n")
	var s stats.Statistics
	if err := json.Unmarshal([]byte(line), &s); err != nil || s.Parts[0].Name != name {
		t.Errorf("%v, %q", err, line)
	}
	for _, hidden := range []string{"\x1b", "\u202e", "\u009b"} {
		if strings.Contains(line, hidden) {
			t.Errorf("%q is in %q", hidden, line)
		}
	}
}
