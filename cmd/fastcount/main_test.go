package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"fastcount/internal/cli"
	"fastcount/internal/testing/shapes"
)

// TestMain lets the test binary be the program: where it is started as fastcount it runs main.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", raceOptions) // for the programs that tests start
	testscript.Main(m, map[string]func(){"fastcount": guardedMain})
}

// raceOptions keep the race detector from sleeping a second at the end of each program.
const raceOptions = "atexit_sleep_ms=0"

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"serve":  serve,
			"gzip":   compress,
			"damage": damage,
			"zstd":   compressZstd,
			"write":  write,
			"shape":  writeShape,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", raceOptions)
			e.Setenv(cli.TokenVariable, "canary-token")
			return nil
		},
		RequireUniqueNames: true,
	})
}

// exits runs a command and requires its exit code: exits CODE COMMAND [ARGUMENT...].
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// serve runs a mock server on a free port until the script ends, and puts its URL into a variable:
// serve VARIABLE [FLAG...].
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: serve VARIABLE [FLAG...]")
	}
	cmd := exec.Command("fastcount", append([]string{"serve", "--listen", "127.0.0.1:0"}, args[1:]...)...)
	cmd.Dir = ts.Getenv("WORK")
	url, stop, err := startServer(cmd)
	ts.Check(err)
	ts.Defer(stop)
	ts.Setenv(args[0], url)
}

// writeShape is the script command "shape NAME ROWS FILE".
func writeShape(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: shape NAME ROWS FILE")
	}
	rows, err := strconv.ParseUint(args[1], 10, 64)
	ts.Check(err)
	ts.Check(shapes.WriteFile(ts.MkAbs(args[2]), args[0], rows))
}

// startServer starts a command that is "fastcount serve" and returns the URL that it says.
func startServer(cmd *exec.Cmd) (url string, stop func(), err error) {
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: it cannot say that all went well
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), " at http://"); ok {
			go io.Copy(io.Discard, stderr)
			return "http://" + strings.Fields(after)[0], stop, nil
		}
	}
	stop()
	return "", nil, errors.New("the server said no URL")
}

// compress is gzip FROM TO.
func compress(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: gzip FROM TO")
	}
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	z := gzip.NewWriter(f)
	_, err = io.WriteString(z, ts.ReadFile(args[0]))
	ts.Check(errors.Join(err, z.Close(), f.Close()))
}

// damage changes a byte in the middle of every partial result in a folder: damage DIR.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage DIR")
	}
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*.partial"))
	ts.Check(err)
	for _, name := range files {
		data, err := os.ReadFile(name)
		ts.Check(err)
		data[len(data)/2] ^= 1
		ts.Check(os.WriteFile(name, data, 0o600))
	}
}

// codeOf returns the exit code that the error of a command tells.
func codeOf(t *testing.T, err error) int {
	t.Helper()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if failed == nil {
		return 0
	}
	return failed.ExitCode()
}

func TestWithin(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errTimeUp)
	stuck := make(chan struct{})
	defer close(stuck)
	if err := within(ctx, time.Millisecond, func() error { <-stuck; return nil }); err != errTimeUp {
		t.Errorf("a stuck subcommand: %v", err)
	}
	if err := within(ctx, time.Minute, func() error { return nil }); err != nil {
		t.Errorf("a subcommand that finished in time: %v", err)
	}
}
