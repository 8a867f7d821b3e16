// Package program helps tests that run fastcount as another process. Its own
// tests are those of the program as a whole; scripts are in cmd/fastcount.
package program

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// Name returns the file name of the program in a directory.
func Name(dir string) string {
	name := filepath.Join(dir, "fastcount")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

// Build builds fastcount from this tree into dir.
func Build(dir string) error {
	return build(dir, "build")
}

// BuildGuarded is Build for a program that exits with LeakCode if it prints a
// secret on standard error: the tests of cmd/fastcount, which are that program
// when they are started under its name. It has the race detector if this
// process has it.
func BuildGuarded(dir string) error {
	args := []string{"test", "-c"}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-race" && s.Value == "true" {
				args = append(args, "-race")
			}
		}
	}
	return build(dir, args...)
}

// RaceOptions is the value of GORACE that prevents the race detector from
// sleeping for a second at the end of each program.
const RaceOptions = "atexit_sleep_ms=0"

// LeakCode is the exit code of a guarded program that prints a secret.
const LeakCode = 99

// build runs a go command that builds the program. It reads the directories of
// the sources, so that cached results of tests are not used after a change.
func build(dir string, args ...string) error {
	const list = "{{if and .Module .Module.Main}}{{.Dir}}{{range .EmbedFiles}}\n{{$.Dir}}/{{.}}{{end}}{{end}}"
	const module = "../../.."
	cmd := exec.Command("go", "list", "-deps", "-test", "-f", list, "./cmd/fastcount")
	cmd.Dir = module
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	cmd = exec.Command("go", append(args, "-o", Name(dir), "./cmd/fastcount")...)
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", args[0], err, out)
	}
	return nil
}

// ExitCode returns the exit code of a command that returned err.
func ExitCode(t testing.TB, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	failed, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		t.Fatal(err)
	}
	return failed.ExitCode()
}

// WriteText writes a file, and creates its directory.
func WriteText(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// StartServer starts a "fastcount serve" command and returns the URL that it
// prints. The function stop ends it.
func StartServer(cmd *exec.Cmd) (url string, stop func(), err error) {
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // fails, because it was killed
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), " at http://"); ok {
			go io.Copy(io.Discard, stderr)
			return "http://" + strings.Fields(after)[0], stop, nil
		}
	}
	stop()
	return "", nil, errors.New("the server printed no URL")
}
