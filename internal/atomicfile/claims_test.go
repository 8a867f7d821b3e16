package atomicfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fastcount/internal/atomicfile"
)

// tree makes a directory the working directory, with files and links in it.
func tree(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, dir := range []string{"dir", "dir/sub", "other"} {
		must(t, os.Mkdir(dir, 0o700))
	}
	for _, file := range []string{"old", "dir/a", "dir/sub/b"} {
		must(t, os.WriteFile(file, []byte("old"), 0o600))
	}
	for link, to := range map[string]string{"link": "old", "dirlink": "dir", "dangling": "dir/new", "up": "dirlink/../new"} {
		if err := os.Symlink(to, link); err != nil {
			t.Skipf("no symbolic links: %v", err)
		}
	}
	if err := os.Link("old", "hard"); err != nil {
		t.Skipf("no hard links: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSame(t *testing.T) {
	tree(t)
	here, err := os.Getwd()
	must(t, err)
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"old", "./old", true},
		{"old", filepath.Join(here, "old"), true},
		{"old", "link", true},
		{"old", "hard", true},
		{"old", "dir/a", false},
		{"old", "OLDER", false},
		{"new", "./new", true},
		{"new", "NEW", true},
		{"new", "up", true},
		{"new", "dir/new", false},
		{"dir/new", "dangling", true},
		{"dir/new", "dirlink/new", true},
		{"dir/new", "dirlink/sub/../new", true},
		{"missing/x", "missing/y", false},
		{"missing/x", "./missing/x", true},
		{"missing/x", "missing/./x", true},
		{"missing/x", "other/x", false},
		{"dir/missing/x", "dirlink/missing/x", true},
		{"dir/missing/x", "missing/x", false},
		{"dir", "dirlink/", true},
		{"dir", "dir/sub/..", true},
		{".", "dir/..", true},
		{".", "dir", false},
		{"old", "new", false},
		{os.DevNull, os.DevNull, true},
		{os.DevNull, "new", false},
	} {
		for range 2 {
			a, err := atomicfile.Locate(c.a)
			must(t, err)
			b, err := atomicfile.Locate(c.b)
			must(t, err)
			if a.Same(b) != c.same {
				t.Errorf("%s and %s are the same: %v", c.a, c.b, !c.same)
			}
			c.a, c.b = c.b, c.a
		}
	}
}

func TestWithin(t *testing.T) {
	tree(t)
	for _, c := range []struct {
		file, dir string
		within    bool
	}{
		{"dir/a", "dir", true},
		{"dir/a", "dirlink", true},
		{"dirlink/a", "dir", true},
		{"dirlink/sub/b", "dir", true},
		{"dir/new", "dir", true},
		{"dir/missing/new", "dir", true},
		{"dangling", "dir", true},
		{"dir", "dir", true},
		{"old", "dir", false},
		{"dir", "dir/sub", false},
		{"dir/a", "other", false},
		{"dir/a", "missing", false},
		{"missing", "missing", true},
		{"missing/new", "missing", true},
		{"Missing/deep/new", "missing", true},
		{"missing2/new", "missing", false},
		{"dir/missing/new", "missing", false},
		{"old", ".", true},
		{"old", "/", true},
	} {
		file, err := atomicfile.Locate(c.file)
		must(t, err)
		dir, err := atomicfile.Locate(c.dir)
		must(t, err)
		if file.Within(dir) != c.within {
			t.Errorf("%s is within %s: %v", c.file, c.dir, !c.within)
		}
	}
}

func TestOpenedFileHasAPlace(t *testing.T) {
	tree(t)
	f, err := os.Open("dirlink/a")
	must(t, err)
	defer f.Close()
	opened, err := atomicfile.Opened(f)
	must(t, err)
	file, err := atomicfile.Locate("dir/a")
	must(t, err)
	dir, err := atomicfile.Locate("dir")
	must(t, err)
	if !opened.Same(file) || !opened.Within(dir) {
		t.Errorf("same %v, within %v", opened.Same(file), opened.Within(dir))
	}
	must(t, f.Close())
	if _, err := atomicfile.Opened(f); err == nil {
		t.Error("a closed file has a place")
	}
}

// The path of a pipe is a link that does not lead to a file: only the link
// itself can be opened.
func TestPlaceOfAPipe(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("pipes have no such paths")
	}
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	defer w.Close()
	name := fmt.Sprintf("/proc/self/fd/%d", w.Fd())
	p, err := atomicfile.Locate(name)
	if err != nil || !p.Direct() || p.Path != name {
		t.Errorf("Locate(%s) = %+v, %v", name, p, err)
	}
}

// TestLinksWithAbsoluteTargets checks that such links are followed from any
// directory.
func TestLinksWithAbsoluteTargets(t *testing.T) {
	tree(t)
	here, err := os.Getwd()
	must(t, err)
	for link, to := range map[string]string{"dir/absolute": filepath.Join(here, "old"), "other/dangling": filepath.Join(here, "new")} {
		must(t, os.Symlink(to, link))
		a, err := atomicfile.Locate(link)
		must(t, err)
		b, err := atomicfile.Locate(filepath.Base(to))
		must(t, err)
		if !a.Same(b) {
			t.Errorf("%s is %+v, not %+v", link, a, b)
		}
	}
}

// TestWithinADirectoryThatIsGone checks that a directory that cannot be
// examined does not conflict with anything.
func TestWithinADirectoryThatIsGone(t *testing.T) {
	tree(t)
	file, err := atomicfile.Locate("dir/sub/b")
	must(t, err)
	dir, err := atomicfile.Locate("other")
	must(t, err)
	must(t, os.RemoveAll("dir"))
	must(t, os.Symlink("dir", "dir"))
	if file.Within(dir) {
		t.Error("a file whose directory is gone is within another one")
	}
}

func TestLocateFails(t *testing.T) {
	tree(t)
	must(t, os.Symlink("two", "one"))
	must(t, os.Symlink("one", "two"))
	for name, want := range map[string]string{
		"one":                    "",
		"old/x":                  "not a directory",
		"missing/../x":           "no such file",
		strings.Repeat("x", 300): "too long",
		"":                       "",
	} {
		if p, err := atomicfile.Locate(name); name != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Locate(%.20q) = %v, %v", name, p, err)
		}
	}
}

func TestClaims(t *testing.T) {
	tree(t)
	type use struct {
		use  atomicfile.Use
		name string
	}
	reads := func(name string) use { return use{atomicfile.Reads, name} }
	writes := func(name string) use { return use{atomicfile.Writes, name} }
	owns := func(name string) use { return use{atomicfile.Owns, name} }
	for _, c := range []struct {
		a, b use
		want string // the message, "" for no conflict
	}{
		{reads("old"), reads("link"), ""},
		{reads("old"), writes("link"), "link: is the same file as old"},
		{reads("new"), writes("./new"), "./new: is the same file as new"},
		{writes("old"), reads("hard"), "old: is the same file as hard"},
		{writes("new"), writes("NEW"), "new: is the same file as NEW"},
		{writes("new"), writes("old"), ""},
		{writes(os.DevNull), writes(os.DevNull), ""},
		{reads(os.DevNull), writes(os.DevNull), ""},
		{owns("dir"), reads("dirlink/a"), "dir: not a directory of its own: dirlink/a is inside it"},
		{owns("dir"), writes("dir/new"), "dir: not a directory of its own: dir/new is inside it"},
		{writes("dir/new"), owns("dir"), "dir: not a directory of its own: dir/new is inside it"},
		{reads("dir/a"), owns("dir"), "dir: not a directory of its own: dir/a is inside it"},
		{owns("dir"), owns("dir/sub"), "dir: not a directory of its own: dir/sub is inside it"},
		{owns("new"), writes("new"), "new: is the same file as new"},
		{owns("dir"), reads("old"), ""},
		{owns("dir"), writes("new"), ""},
		{owns("dir"), owns("other"), ""},
	} {
		var claims atomicfile.Claims
		must(t, claims.Add(atomicfile.Reads, "another", "spare"))
		must(t, claims.Add(c.a.use, c.a.name, c.a.name))
		err := claims.Add(c.b.use, c.b.name, c.b.name)
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || err.Error() != c.want):
			t.Errorf("%v and %v: %v, want %q", c.a, c.b, err, c.want)
		case c.want != "" && !errors.Is(err, atomicfile.ErrSameFile):
			t.Errorf("%v and %v: %v is another error", c.a, c.b, err)
		}
		if e, ok := errors.AsType[*atomicfile.ConflictError](err); ok {
			output := c.a.use != atomicfile.Reads && c.b.use != atomicfile.Reads
			if e.Output != output || e.Inside != strings.Contains(c.want, "inside") {
				t.Errorf("%v and %v: %+v", c.a, c.b, e)
			}
		}
		if c.want == "" { // both are kept
			err := claims.Add(atomicfile.Writes, "third", c.b.name)
			if shared := c.b.name == os.DevNull; (err == nil) != shared {
				t.Errorf("%v and then writing it: %v", c.b, err)
			}
		}
	}
	var claims atomicfile.Claims
	if err := claims.Add(atomicfile.Writes, "--output", "old/x"); err == nil || !strings.HasPrefix(err.Error(), "--output: ") {
		t.Errorf("got %v", err)
	}
}

// TestAddFile checks that the directory of a file is followed, and the file if
// it is a symbolic link, whatever was added before.
func TestAddFile(t *testing.T) {
	tree(t)
	must(t, os.Symlink(filepath.Join("..", "dir", "a"), filepath.Join("other", "a")))
	must(t, os.Symlink(filepath.Join("..", "dir", "sub"), filepath.Join("other", "sub")))
	owned := map[string]bool{"old": false, "dir/a": true, "./dir/a": true, "dir/sub/b": true, "dirlink/a": true, "dirlink/sub/b": true,
		"other/a": true, "other/sub/../a": true, "dir/../old": false, "link": false}
	for range 2 { // in another order
		var inside, outside atomicfile.Claims
		must(t, inside.Add(atomicfile.Owns, "state", "dir"))
		must(t, outside.Add(atomicfile.Owns, "state", "other"))
		for name, want := range owned {
			info, err := os.Stat(name)
			must(t, err)
			named, err := os.Lstat(name)
			must(t, err)
			link := named.Mode()&os.ModeSymlink != 0
			err = inside.AddFile(name, name, info, link)
			if e, ok := errors.AsType[*atomicfile.ConflictError](err); ok != want || ok && !e.Inside {
				t.Errorf("%s is within dir: %v", name, err)
			}
			must(t, outside.AddFile(name, name, info, link))
		}
		if err := outside.Add(atomicfile.Owns, "state", "dir/sub"); err == nil {
			t.Error("a directory with an input can be owned")
		}
		if err := outside.Add(atomicfile.Writes, "output", "hard"); err == nil {
			t.Error("an input can be written")
		}
	}
}

func TestStreams(t *testing.T) {
	tree(t)
	file, err := atomicfile.Locate("old")
	must(t, err)
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	defer w.Close()
	pipe, err := atomicfile.Opened(w)
	must(t, err)
	for _, c := range []struct {
		a, b  atomicfile.Use
		place atomicfile.Place
		ok    bool
	}{
		{atomicfile.Writes, atomicfile.Writes, file, true},
		{atomicfile.Reads, atomicfile.Writes, file, false},
		{atomicfile.Writes, atomicfile.Reads, file, false},
		{atomicfile.Reads, atomicfile.Writes, pipe, true},
	} {
		var claims atomicfile.Claims
		must(t, claims.AddStream(c.a, "one", c.place))
		if err := claims.AddStream(c.b, "other", c.place); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
	var claims atomicfile.Claims
	must(t, claims.AddStream(atomicfile.Writes, "standard output", pipe))
	if err := claims.AddPlace(atomicfile.Writes, "a file", pipe); err == nil {
		t.Error("an output goes into the pipe that standard output is")
	}
}
