package program

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"fastcount/internal/stats"
)

// TestFileNamesForgeNoLine checks that line breaks, escape sequences and
// directional characters in names are escaped in text, and exact in JSON.
func TestFileNamesForgeNoLine(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not allow such names")
	}
	const forged = "x\nfastcount: 9 rows, all is well\x1b[2J\u202e.csv"
	const shown = `x\nfastcount: 9 rows, all is well\x1b[2J\u202e.csv`
	dir := t.TempDir()
	WriteText(t, filepath.Join(dir, forged), "patient_id,event_type\nP1,up\nP2\n")
	for _, args := range [][]string{
		{"./" + forged},
		{"--allow-partial", "./" + forged},
		{"--max-bad-rows=1", "-v", "--stats", "--progress=log", "-o=out\n" + forged, "./" + forged},
		{"--max-bad-rows=1", "-s=table", "./" + forged},
		{"--dry-run", "-o=out\n" + forged, "--state=state\n" + forged, "./" + forged},
		{"./missing\n" + forged},
		{"-o=./" + forged, "./" + forged},
		{"--server=http://localhost:1", "--token-file=missing\n" + forged, "./" + forged},
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
			_ = cmd.Run() // it may fail
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

// TestJSONKeepsNames checks that statistics hold the exact name without any
// character that controls a terminal.
func TestJSONKeepsNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not allow such names")
	}
	const name = "./x\n\x1b[2J\u202e\u009b.csv"
	dir := t.TempDir()
	WriteText(t, filepath.Join(dir, name), "patient_id,event_type\nP1,up\nP2\n")
	cmd := exec.Command("fastcount", "-q", "--max-bad-rows=1", "--stats=json", "-o", "/dev/null", name)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if code := ExitCode(t, cmd.Run()); code != exitIncomplete {
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
