package main

import (
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"fastcount/internal/cli"
	"fastcount/internal/console"
	testprogram "fastcount/internal/testing/program"
	"fastcount/internal/testing/shapes"
	"fastcount/mockserver"
)

// TestMain runs the tests. If the test binary is started as fastcount, it runs
// the program instead.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", testprogram.RaceOptions) // for the programs that tests start
	testscript.Main(m, map[string]func(){"fastcount": guardedMain})
}

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
			"zip":    makeZip,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", testprogram.RaceOptions)
			e.Setenv(cli.TokenVariable, "canary-token")
			return nil
		},
		RequireUniqueNames: true,
	})
}

// exits is the script command "exits CODE COMMAND [ARGUMENT...]". It runs the
// command and requires the exit code.
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

// serve is the script command "serve VARIABLE [FLAG...]". It starts a mock
// server on a free port, which runs until the script ends, and sets the
// variable to its URL.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: serve VARIABLE [FLAG...]")
	}
	cmd := exec.Command("fastcount", append([]string{"serve", "--listen", "127.0.0.1:0"}, args[1:]...)...)
	cmd.Dir = ts.Getenv("WORK")
	url, stop, err := testprogram.StartServer(cmd)
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

// compress is the script command "gzip FROM TO".
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

// damage is the script command "damage DIR". It changes a byte in the middle of
// each partial result in the directory.
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

// write is the script command "write FILE TEXT". The text may have escapes such
// as \r and \x00.
func write(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: write FILE TEXT")
	}
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// compressZstd is the script command "zstd FROM TO".
func compressZstd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: zstd FROM TO")
	}
	z, err := zstd.NewWriter(nil)
	ts.Check(err)
	packed := z.EncodeAll([]byte(ts.ReadFile(args[0])), nil)
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), packed, 0o600))
}

// secret matches what must never be on standard error: the token in the
// environment of every script, and the patients of the tests and of the mock
// exports.
var secret = regexp.MustCompile(`canary|\b[PS][0-9]{1,4}\b`)

// guardedMain is main with a check of standard error. It is the program that
// all tests start.
func guardedMain() {
	watched := &watcher{w: os.Stderr}
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, ui: console.New(watched), environ: os.Environ()}
	code := p.run(os.Args[1:])
	if found := secret.Find(watched.text); found != nil && !slices.Contains(os.Args, "--show-data") {
		_, _ = io.WriteString(os.Stderr, "LEAKED: "+string(found)+"\n")
		code = testprogram.LeakCode
	}
	os.Exit(code)
}

// watcher writes to w and keeps a copy. The lock of the console serializes its
// calls.
type watcher struct {
	w    io.Writer
	text []byte
}

func (w *watcher) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	return w.w.Write(p)
}

// TestMockEnds checks that no goroutine remains after a mock server was closed
// during a response.
func TestMockEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	handler, err := mockserver.New(mockserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mock, err := startMock("127.0.0.1:0", handler)
	if err != nil {
		t.Fatal(err)
	}
	large := mockserver.Builtin()[2]
	resp, err := http.Get(mock.url + "/api/export/" + large.ID + "/" + large.Downloads[0].ID + "/data")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	mock.close(10 * time.Millisecond)
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("closing took %v", took)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("the transfer that was cut ended as if it were complete")
	}
	http.DefaultClient.CloseIdleConnections()
}

// makeZip is the script command "zip ARCHIVE FILE...". The members have the
// names of the files as they are given.
func makeZip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: zip ARCHIVE FILE...")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	z := zip.NewWriter(f)
	for _, name := range args[1:] {
		w, err := z.Create(name)
		ts.Check(err)
		_, err = io.WriteString(w, ts.ReadFile(name))
		ts.Check(err)
	}
	ts.Check(errors.Join(z.Close(), f.Close()))
}
