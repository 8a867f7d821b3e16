package atomicfile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/faulty"
)

func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
}

func noTemps(t *testing.T, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		if left, err := filepath.Glob(filepath.Join(dir, atomicfile.TempPattern)); err != nil || len(left) > 0 {
			t.Errorf("left: %q, %v", left, err)
		}
	}
}

func TestReplaceFollowsLinks(t *testing.T) {
	tree(t)
	for link, file := range map[string]string{"link": "old", "dangling": "dir/new", "dirlink/a": "dir/a", "plain": "plain"} {
		must(t, atomicfile.Replace(atomicfile.OS{}, link, 0, write("new "+link)))
		holds(t, file, "new "+link)
	}
	for _, link := range []string{"link", "dangling"} {
		if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is %v, %v", link, info, err)
		}
	}
	holds(t, "hard", "old") // another name of what link led to
	noTemps(t, ".", "dir")
}

// TestFileIsOldUntilCommit checks that a reader finds the old file while the
// new one is written, and after a failure.
func TestFileIsOldUntilCommit(t *testing.T) {
	tree(t)
	for _, name := range []string{"old", "new"} {
		p, err := atomicfile.Create(atomicfile.OS{}, name, 0)
		must(t, err)
		must(t, write("begun")(p))
		if name == "old" {
			holds(t, name, "old")
		} else if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		must(t, p.Discard())
		noTemps(t, ".")
	}
	holds(t, "old", "old")
	broken := errors.New("broken")
	if err := atomicfile.Replace(atomicfile.OS{}, "old", 0, func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	holds(t, "old", "old")
	noTemps(t, ".")
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes")
	}
	tree(t)
	must(t, os.Chmod("old", 0o640))
	must(t, os.Chmod("dir/a", 0o666))
	for _, c := range []struct {
		name string
		mode fs.FileMode
		want fs.FileMode
	}{
		{"old", 0, 0o640},
		{"dir/a", 0, 0o666},
		{"new", 0, 0o600},
		{"old", 0o644, 0o644},
		{"metrics", 0o644, 0o644},
	} {
		must(t, atomicfile.Replace(atomicfile.OS{}, c.name, c.mode, write("x")))
		if info, err := os.Stat(c.name); err != nil || info.Mode() != c.want {
			t.Errorf("%s has mode %v, %v; want %v", c.name, info.Mode(), err, c.want)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	tree(t)
	for name, want := range map[string]string{
		"dir":       "dir: is a directory",
		"dirlink":   "dirlink: is a directory",
		"missing/x": "missing/x: cannot create a file in its directory: no such file",
		"old/x":     "old/x: not a directory",
	} {
		p, err := atomicfile.Create(atomicfile.OS{}, name, 0)
		if p != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Create(%s) = %v, %v; want %s", name, p, err, want)
		}
	}
	noTemps(t, ".", "dir")
}

func TestNoLongerARegularFile(t *testing.T) {
	t.Chdir(t.TempDir())
	p, err := atomicfile.Create(atomicfile.OS{}, "x", 0)
	must(t, err)
	must(t, os.Mkdir("x", 0o700))
	if err := p.Commit(); err == nil || !strings.Contains(err.Error(), "no longer a regular file") {
		t.Errorf("got %v", err)
	}
	noTemps(t, ".")
}

// TestReplaceFaults checks that the file is the old one or the new one,
// whatever fails.
func TestReplaceFaults(t *testing.T) {
	for _, mode := range []fs.FileMode{0, 0o644} {
		faulty.Each(t, func(t *testing.T, f *faulty.Files) {
			dir := t.TempDir()
			path := filepath.Join(dir, "a")
			must(t, os.WriteFile(path, []byte("old"), 0o600))
			err := atomicfile.Replace(f, path, mode, write("new"))
			if (err != nil) != (len(f.Log) > 0) || err != nil && !errors.Is(err, faulty.ErrInjected) {
				t.Errorf("failed operations: %q, error: %v", f.Log, err)
			}
			want := "new"
			if err != nil && f.Log[0] != "sync directory" {
				want = "old"
			}
			holds(t, path, want)
			if !f.Failed("remove") {
				noTemps(t, dir)
			} else if !strings.Contains(err.Error(), "cannot remove the temporary file: ") {
				t.Errorf("the temporary file is not mentioned: %v", err)
			}
		})
	}
}
