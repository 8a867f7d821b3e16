//go:build unix

package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/descriptors"
)

// another is a user other than that of the tests.
var another = os.Geteuid() + 1

// giveAway makes another user the owner of a file, and skips the test where
// this user cannot.
func giveAway(t *testing.T, path string) {
	t.Helper()
	if err := os.Lchown(path, another, -1); err != nil {
		t.Skipf("this user cannot give files away: %v", err)
	}
}

// refused asserts that a directory is refused because others could change what
// is kept in it, and that nothing is created in it.
func refused(t *testing.T, dir, want string) {
	t.Helper()
	before, _ := os.ReadDir(dir)
	s, err := Open(dir, runOf(texts()), nil)
	if s != nil || !errors.Is(err, ErrNotPrivate) || !strings.Contains(err.Error(), want) {
		t.Fatalf("got %v, want %q", err, want)
	}
	if after, _ := os.ReadDir(dir); len(after) != len(before) {
		t.Errorf("it holds %v now", after)
	}
}

func TestDirectoryThatOthersCanChange(t *testing.T) {
	for _, mode := range []os.FileMode{0o777, 0o722, 0o720, 0o702, 0o770, 0o777 | os.ModeSticky} {
		dir := privateDir(t)
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, fmt.Sprintf("%s: mode is %v", dir, os.ModeDir|mode))
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(dir, link); err != nil {
			t.Fatal(err)
		}
		refused(t, link, "mode is")
	}
	for _, mode := range []os.FileMode{0o700, 0o755, 0o750} { // others may look at names
		dir := privateDir(t)
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		mustOpen(t, dir, runOf(texts()), nil)
	}
}

// Root, too, keeps nothing in the directory of another user.
func TestDirectoryOfAnotherUser(t *testing.T) {
	dir := privateDir(t)
	giveAway(t, dir)
	refused(t, dir, fmt.Sprintf("%s: owned by user %d, not by user %d", dir, another, os.Geteuid()))
}

// plant lists ways in which another user can provide a file of a checkpoint.
var plant = map[string]struct {
	do   func(t *testing.T, path string)
	want string
}{
	"a link": {func(t *testing.T, path string) {
		target := filepath.Join(t.TempDir(), "target")
		must(t, os.Rename(path, target))
		must(t, os.Symlink(target, path))
	}, "symbolic link"},
	"a link to nothing": {func(t *testing.T, path string) {
		must(t, os.Remove(path))
		must(t, os.Symlink(filepath.Join(t.TempDir(), "none"), path))
	}, "symbolic link"},
	"a FIFO": {func(t *testing.T, path string) {
		must(t, os.Remove(path))
		must(t, syscall.Mkfifo(path, 0o600))
	}, "not a regular file"},
	"writable":        {func(t *testing.T, path string) { must(t, os.Chmod(path, 0o622)) }, "mode is -rw--w--w-"},
	"of another user": {func(t *testing.T, path string) { giveAway(t, path) }, "owned by user "},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A lock or a run that another user could have put into the directory, before
// it was private, is refused.
func TestPlantedFiles(t *testing.T) {
	for _, name := range []string{lockName, runName} {
		for how, p := range plant {
			t.Run(name+" "+how, func(t *testing.T) {
				descriptors.Check(t)
				s, _ := storeOf(t, texts(), nil)
				must(t, s.Close())
				path := filepath.Join(s.dir, name)
				p.do(t, path)
				refused(t, s.dir, path+": ")
				refused(t, s.dir, p.want)
				if target, err := os.Readlink(path); err == nil && strings.HasSuffix(target, "none") {
					if _, err := os.Lstat(target); err == nil {
						t.Error("the link was followed: its target is there")
					}
				}
			})
		}
	}
}

// A part that another user could have put there is not used: it is counted
// again, and its file is replaced.
func TestPlantedParts(t *testing.T) {
	parts := texts()
	want := counted(t, parts)
	for how, p := range plant {
		t.Run(how, func(t *testing.T) {
			descriptors.Check(t)
			var w warnings
			s, _ := storeOf(t, parts, &w)
			p.do(t, s.pathOf(1))
			again := []engine.Part{closed{parts[0].(text)}, parts[1], closed{parts[2].(text)}}
			r, err := engine.Run(t.Context(), again, engine.Config{Load: s.Load, Save: s.Save})
			if err != nil || result(t, r) != want {
				t.Errorf("the answer: %v", err)
			}
			if len(w.list) != 1 || !strings.Contains(w.list[0], p.want) {
				t.Errorf("warnings %q, want %q", w.list, p.want)
			}
			info, err := os.Lstat(s.pathOf(1))
			if err != nil || info.Mode() != 0o600 || ownerOf(info) != os.Geteuid() {
				t.Errorf("it was not replaced: %v, %v", info, err)
			}
			must(t, s.Close())
		})
	}
}

// A directory that cannot be read is an error, and not taken for an empty one.
func TestUnreadableDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := privateDir(t)
	must(t, os.Chmod(dir, 0o300))
	t.Cleanup(func() { must(t, os.Chmod(dir, 0o700)) })
	if s, err := Open(dir, runOf(texts()), nil); s != nil || !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v, %v", s, err)
	}
}
