package sinks

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
	"fastcount/internal/atomicfile/faulty"
)

// text is a sink that writes itself, in two pieces.
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

// complete lacks nothing.
var complete = &engine.Report{}

// faultyFiles are files that fail on demand, with the operations that only this package knows.
type faultyFiles struct {
	*faulty.Files
}

// soundFiles do not fail.
func soundFiles() *faultyFiles { return &faultyFiles{&faulty.Files{Files: atomicfile.OS{}}} }

// eachFault is faulty.Each.
func eachFault(t *testing.T, run func(t *testing.T, f *faultyFiles)) {
	faulty.Each(t, func(t *testing.T, f *faulty.Files) { run(t, &faultyFiles{f}) })
}

func (f *faultyFiles) stat(name string) (fs.FileInfo, error) {
	if err := f.Step("stat"); err != nil {
		return nil, err
	}
	return osFiles{}.stat(name)
}

func (f *faultyFiles) head(name string, n int) ([]byte, error) {
	if err := f.Step("look"); err != nil {
		return nil, err
	}
	return osFiles{}.head(name, n)
}

func (f *faultyFiles) openDirect(name string) (atomicfile.File, error) {
	if err := f.Step("open"); err != nil {
		return nil, err
	}
	direct, err := osFiles{}.openDirect(name)
	return f.Watch(direct), err
}

// TestWriteOrder pins what no failure shows: that files are synced before they get their names, that none gets its
// name before all are written, and that the folder is synced last and once.
func TestWriteOrder(t *testing.T) {
	folder := t.TempDir()
	a, b := filepath.Join(folder, "a"), filepath.Join(folder, "b")
	writeFile(t, b, "old", 0o644)
	f := soundFiles()
	o := outputsAt(t, f, Output{text("A"), a}, Output{text("gone"), os.DevNull}, Output{text("B"), b})
	if err := o.Write(nil, complete); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(f.Ops, ", ")
	want := "look, create, write, stat, sync, close, " + // a
		"look, create, write, stat, chmod, sync, close, " + // b
		"open, write, close, " + // the device
		"rename, rename, sync directory"
	if got != want {
		t.Errorf("operations:\n%s\nwant\n%s", got, want)
	}
}

// big is more than a buffer, so that it takes several writes.
var big = strings.Repeat("new\n", bufferSize/2)

func TestWriteFaultsOneFile(t *testing.T) {
	for _, old := range []string{"", "old\n"} {
		name := "over a file"
		if old == "" {
			name = "new file"
		}
		t.Run(name, func(t *testing.T) {
			eachFault(t, func(t *testing.T, f *faultyFiles) {
				folder := t.TempDir()
				path := filepath.Join(folder, "out")
				if old != "" {
					writeFile(t, path, old, 0o640)
				}
				o := outputsAt(t, f, Output{text(big), path})
				err := o.Write(nil, complete)
				checkFault(t, f, err)
				want := big
				if err != nil && f.Log[0] != "sync directory" {
					want = old
				}
				checkFile(t, path, want)
				checkTemps(t, f, folder)
			})
		})
	}
}

func TestWriteFaultsSeveralOutputs(t *testing.T) {
	eachFault(t, func(t *testing.T, f *faultyFiles) {
		folder := t.TempDir()
		sub := filepath.Join(folder, "sub")
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		paths := []string{filepath.Join(folder, "a"), filepath.Join(folder, "b"), filepath.Join(sub, "c")}
		writeFile(t, paths[1], "old b", 0o600)
		o := outputsAt(t, f,
			Output{text("A"), paths[0]}, Output{text("stdout"), ""}, Output{text(big), paths[1]},
			Output{text("C"), paths[2]}, Output{text("gone"), os.DevNull})
		var stdout bytes.Buffer
		err := o.Write(&stdout, complete)
		checkFault(t, f, err)
		checkTemps(t, f, folder, sub)

		renamed := 0 // of the three, in this order
		if err == nil || f.Log[0] == "sync directory" {
			renamed = 3
		} else if f.Log[0] == "rename" {
			renamed = alreadyInPlace(err, paths)
		}
		for i, contents := range [][2]string{{"", "A"}, {"old b", big}, {"", "C"}} {
			want := contents[0]
			if i < renamed {
				want = contents[1]
			}
			checkFile(t, paths[i], want)
		}
		if s := stdout.String(); s != "stdout" && (s != "" || err == nil) {
			t.Errorf("standard output got %q", s)
		}
	})
}

// alreadyInPlace returns how many of the paths the error names as already in place.
func alreadyInPlace(err error, paths []string) int {
	_, list, _ := strings.Cut(err.Error(), "already in place: ")
	list, _, _ = strings.Cut(list, ")")
	n := 0
	for _, path := range paths {
		if strings.Contains(list, path) {
			n++
		}
	}
	return n
}

// checkFault asserts that there is an error exactly if an operation failed, and that it tells of each that did.
func checkFault(t *testing.T, f *faultyFiles, err error) {
	t.Helper()
	if (err != nil) != (len(f.Log) > 0) {
		t.Errorf("failed operations: %q, error: %v", f.Log, err)
	}
	if err != nil && !errors.Is(err, errInjected) {
		t.Errorf("the error hides its cause: %v", err)
	}
	for _, op := range f.Log {
		if err != nil && !strings.Contains(err.Error(), op+": ") {
			t.Errorf("the error does not tell that %s failed: %v", op, err)
		}
	}
}

// checkTemps asserts that nothing is left in the folders that the test did not put there, unless it could not be
// removed.
func checkTemps(t *testing.T, f *faultyFiles, folders ...string) {
	t.Helper()
	for _, folder := range folders {
		temps, err := filepath.Glob(filepath.Join(folder, ".*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(temps) > 0 && !f.Failed("remove") {
			t.Errorf("left behind: %q (failed: %q)", temps, f.Log)
		}
	}
}

// checkFile asserts the content of a file; "" is that it does not exist.
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

// outputsAt checks outputs on the real file system and leaves the writing to f.
func outputsAt(t *testing.T, f files, outputs ...Output) *Outputs {
	t.Helper()
	o, err := NewOutputs(outputs)
	if err != nil {
		t.Fatal(err)
	}
	o.files = f
	return o
}

func TestNewOutputsFaults(t *testing.T) {
	eachFault(t, func(t *testing.T, f *faultyFiles) {
		folder := t.TempDir()
		o, err := newOutputs([]Output{{text("A"), filepath.Join(folder, "a")}}, f)
		checkFault(t, f, err)
		if (o == nil) != (err != nil) {
			t.Errorf("outputs %v and error %v", o, err)
		}
		checkTemps(t, f, folder)
	})
}

// TestEachDirectoryIsTriedOnce: and that of standard output or a device never.
func TestEachDirectoryIsTriedOnce(t *testing.T) {
	inFolder(t)
	mkdir(t, "dir", 0o700)
	f := soundFiles()
	outputs := []Output{{text("A"), ""}, {text("B"), os.DevNull}, {text("C"), "c"}, {text("D"), "d"}, {text("E"), "dir/e"}}
	if _, err := newOutputs(outputs, f); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, op := range f.Ops {
		count[op]++
	}
	if count["create"] != 2 || count["remove"] != 2 || count["sync directory"] != 2 {
		t.Errorf("operations: %q", f.Ops)
	}
}

// panicking is a sink with a bug.
type panicking struct{}

func (panicking) Write(w io.Writer, _ *engine.Report) error { panic("a bug in the sink") }

// broken is a sink that fails by itself.
type broken struct{}

func (broken) Write(w io.Writer, _ *engine.Report) error {
	if _, err := io.WriteString(w, big); err != nil {
		return err
	}
	return errInjected
}

func TestWriteSinkFails(t *testing.T) {
	folder := t.TempDir()
	a, b := filepath.Join(folder, "a"), filepath.Join(folder, "b")
	for name, sink := range map[string]Sink{"error": broken{}, "panic": panicking{}} {
		t.Run(name, func(t *testing.T) {
			o := outputsAt(t, osFiles{}, Output{text("A"), a}, Output{sink, b})
			func() {
				defer func() { recover() }()
				if err := o.Write(nil, complete); !errors.Is(err, errInjected) {
					t.Errorf("Write returned %v", err)
				}
			}()
			checkFile(t, a, "")
			checkFile(t, b, "")
			checkTemps(t, soundFiles(), folder)
		})
	}
}

// closedPipe is a standard output that nobody reads any more.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteStdoutFails(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a")
	o := outputsAt(t, osFiles{}, Output{text("x"), ""}, Output{text("A"), path})
	if err := o.Write(closedPipe{}, complete); !errors.Is(err, io.ErrClosedPipe) || !strings.HasPrefix(err.Error(), "output standard output: ") {
		t.Errorf("Write returned %v", err)
	}
	checkFile(t, path, "")
	checkTemps(t, soundFiles(), folder)
}

// countingWriter counts calls of Write.
type countingWriter struct{ calls int }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.calls++
	return len(p), nil
}

func TestWriteBuffersForSinks(t *testing.T) {
	o := outputsAt(t, osFiles{}, Output{text("two pieces"), ""})
	var w countingWriter
	if err := o.Write(&w, complete); err != nil || w.calls != 1 {
		t.Errorf("%d writes, error %v", w.calls, err)
	}
}
