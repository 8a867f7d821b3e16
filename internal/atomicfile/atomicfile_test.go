package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/faulty"
)

func write(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// TestWriteFaults checks that the file is the old or the new one, whatever
// fails, and the new one if Write returned nil.
func TestWriteFaults(t *testing.T) {
	faulty.Each(t, func(t *testing.T, f *faulty.Files) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a")
		if err := atomicfile.Write(atomicfile.OS{}, path, write("old")); err != nil {
			t.Fatal(err)
		}
		err := atomicfile.Write(f, path, write("new"))
		if (err != nil) != (len(f.Log) > 0) || err != nil && !errors.Is(err, faulty.ErrInjected) {
			t.Errorf("failed operations: %q, error: %v", f.Log, err)
		}
		want := "new"
		if err != nil && f.Log[0] != "sync directory" {
			want = "old"
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("it holds %q, %v; want %q", got, err, want)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, atomicfile.TempPattern)); len(left) > 0 && !f.Failed("remove") {
			t.Errorf("files left: %q", left)
		}
	})
}

// TestWriteOrder checks the order of the operations, which no failure shows.
func TestWriteOrder(t *testing.T) {
	f := &faulty.Files{Files: atomicfile.OS{}}
	path := filepath.Join(t.TempDir(), "a")
	if err := atomicfile.Write(f, path, write("new")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"create", "write", "sync", "close", "rename", "sync directory"}; !slices.Equal(f.Ops, want) {
		t.Errorf("operations %q, want %q", f.Ops, want)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestWriteFillFails(t *testing.T) {
	dir := t.TempDir()
	broken := errors.New("broken")
	if err := atomicfile.Write(atomicfile.OS{}, filepath.Join(dir, "a"), func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}
