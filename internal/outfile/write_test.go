package outfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/faulty"
	"fastcount/sinks"
)

// text is a sink that writes its own value, in two pieces.
type text string

func (s text) Write(w io.Writer, _ *engine.Report) error {
	for _, part := range []string{string(s[:len(s)/2]), string(s[len(s)/2:])} {
		if _, err := io.WriteString(w, part); err != nil {
			return err
		}
	}
	return nil
}

var errInjected = faulty.ErrInjected

// complete is a report without missing parts.
var complete = &engine.Report{Keys: make([][]string, 2)}

// TestWriteOrder checks what no failure shows: files are synced before they are
// renamed, none is renamed before all are written, and the directory is synced
// after that.
func TestWriteOrder(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	writeFile(t, b, "old", 0o644)
	f := &faulty.Files{Files: atomicfile.OS{}}
	o := outputsAt(t, f, Output{Sink: marked("A"), File: a}, Output{Sink: text("gone"), File: os.DevNull}, Output{Sink: text("B"), File: b})
	if _, err := o.Write(nil, complete); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(f.Ops, ", ")
	want := "create, write, lstat, sync, close, " + // a
		"create, write, lstat, chmod, sync, close, " + // b
		"open, write, close, " + // the device
		"rename, sync directory, rename, sync directory, " +
		"lstat" // b.incomplete
	if got != want {
		t.Errorf("operations:\n%s\nwant\n%s", got, want)
	}
}

// big is longer than a buffer, so that it takes several writes.
var big = strings.Repeat("new\n", 32<<10)

func TestWriteFaultsOneFile(t *testing.T) {
	for _, old := range []string{"", "old\n"} {
		name := "over a file"
		if old == "" {
			name = "new file"
		}
		t.Run(name, func(t *testing.T) {
			faulty.Each(t, func(t *testing.T, f *faulty.Files) {
				dir := t.TempDir()
				path := filepath.Join(dir, "out")
				if old != "" {
					writeFile(t, path, old, 0o640)
				}
				_, err := outputsAt(t, f, Output{Sink: marked(big), File: path}).Write(nil, complete)
				checkFault(t, f, err)
				want := big
				if err != nil && f.Log[0] != "sync directory" {
					want = old
				}
				checkFile(t, path, want)
				checkTemps(t, f, dir)
			})
		})
	}
}

func TestWriteFaultsSeveralOutputs(t *testing.T) {
	faulty.Each(t, func(t *testing.T, f *faulty.Files) {
		dir := t.TempDir()
		sub := filepath.Join(dir, "sub")
		mkdir(t, sub, 0o700)
		paths := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(sub, "c")}
		writeFile(t, paths[1], "old b", 0o600)
		o := outputsAt(t, f,
			Output{Sink: marked("A"), File: paths[0]}, Output{Sink: text("stdout")}, Output{Sink: marked(big), File: paths[1]},
			Output{Sink: marked("C"), File: paths[2]}, Output{Sink: text("gone"), File: os.DevNull})
		var stdout bytes.Buffer
		_, err := o.Write(&stdout, complete)
		checkFault(t, f, err)
		checkTemps(t, f, dir, sub)

		for i, contents := range [][2]string{{"", "A"}, {"old b", big}, {"", "C"}} {
			want := contents[0]
			if err == nil || inPlace(err, paths[i]) {
				want = contents[1]
			}
			checkFile(t, paths[i], want)
		}
		if s := stdout.String(); s != "stdout" && (s != "" || err == nil) {
			t.Errorf("standard output received %q", s)
		}
	})
}

// checkFault checks that there is an error exactly if an operation failed, and
// that it names each operation that failed.
func checkFault(t *testing.T, f *faulty.Files, err error) {
	t.Helper()
	if (err != nil) != (len(f.Log) > 0) {
		t.Errorf("failed operations: %q, error: %v", f.Log, err)
	}
	if err != nil && !errors.Is(err, errInjected) {
		t.Errorf("the error hides its cause: %v", err)
	}
	for _, op := range f.Log {
		if err != nil && !strings.Contains(err.Error(), op+": ") {
			t.Errorf("the error does not mention that %s failed: %v", op, err)
		}
	}
}

// checkTemps checks that no temporary file is left in the directories, unless
// one could not be removed.
func checkTemps(t *testing.T, f *faulty.Files, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		temps, err := filepath.Glob(filepath.Join(dir, ".*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(temps) > 0 && (f == nil || !f.Failed("remove")) {
			t.Errorf("files left: %q", temps)
		}
	}
}

// checkFile checks the content of a file; "" means that it does not exist.
func checkFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if want == "" && errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil || string(got) != want {
		t.Errorf("%s holds %.20q (%d bytes), error %v; want %.20q (%d bytes)", path, got, len(got), err, want, len(want))
	}
}

func writeFile(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Mkdir(path, mode); err != nil {
		t.Fatal(err)
	}
}

// inDir makes a new directory the working directory and returns it.
func inDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	return dir
}

func symlink(t *testing.T, to, link string) {
	t.Helper()
	if err := os.Symlink(to, link); err != nil {
		t.Skipf("no symbolic links: %v", err)
	}
}

// newAt calls New without other claims.
func newAt(outputs ...Output) (*Outputs, error) { return New(outputs, new(atomicfile.Claims)) }

// outputsAt checks outputs on the real file system and writes them with f.
func outputsAt(t *testing.T, f atomicfile.Files, outputs ...Output) *Outputs {
	t.Helper()
	o, err := newAt(outputs...)
	if err != nil {
		t.Fatal(err)
	}
	o.files = f
	return o
}

func mustWrite(t *testing.T, outputs ...Output) {
	t.Helper()
	if _, err := outputsAt(t, atomicfile.OS{}, outputs...).Write(nil, complete); err != nil {
		t.Fatal(err)
	}
}

// panicking is a sink with a bug.
type panicking struct{}

func (panicking) Write(io.Writer, *engine.Report) error { panic("a bug in the sink") }

// broken is a sink that returns an error of its own.
type broken struct{}

func (broken) Write(w io.Writer, _ *engine.Report) error {
	if _, err := io.WriteString(w, big); err != nil {
		return err
	}
	return errInjected
}

func TestWriteSinkFails(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for name, sink := range map[string]sinks.Sink{"error": broken{}, "panic": panicking{}} {
		t.Run(name, func(t *testing.T) {
			o := outputsAt(t, atomicfile.OS{}, Output{Sink: text("A"), File: a}, Output{Sink: sink, File: b})
			func() {
				defer func() { recover() }()
				if _, err := o.Write(nil, complete); !errors.Is(err, errInjected) {
					t.Errorf("Write returned %v", err)
				}
			}()
			checkFile(t, a, "")
			checkFile(t, b, "")
			checkTemps(t, nil, dir)
		})
	}
}

// closedPipe is a standard output without a reader.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteStdoutFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	o := outputsAt(t, atomicfile.OS{}, Output{Sink: text("x")}, Output{Sink: text("A"), File: path})
	if _, err := o.Write(closedPipe{}, complete); !errors.Is(err, io.ErrClosedPipe) || !strings.HasPrefix(err.Error(), "output standard output: ") {
		t.Errorf("Write returned %v", err)
	}
	checkFile(t, path, "")
	checkTemps(t, nil, dir)
}

// countingWriter counts calls of Write.
type countingWriter struct{ calls int }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.calls++
	return len(p), nil
}

func TestWriteBuffersForSinks(t *testing.T) {
	o := outputsAt(t, atomicfile.OS{}, Output{Sink: text("two pieces")})
	var w countingWriter
	if _, err := o.Write(&w, complete); err != nil || w.calls != 1 {
		t.Errorf("%d writes, error %v", w.calls, err)
	}
}
