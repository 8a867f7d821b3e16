package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/faulty"
)

func TestNewRefuses(t *testing.T) {
	dir := inDir(t)
	mkdir(t, "dir", 0o700)
	writeFile(t, "plain", "old", 0o600)
	writeFile(t, "protected", "old", 0o400)
	tests := []struct{ name, file, want string }{
		{"a directory", "dir", "dir: is a directory; name a file in it, such as " + filepath.Join("dir", "counts")},
		{"a directory with a slash", "dir/", "is a directory"},
		{"here", ".", "is a directory"},
		{"a new name with a slash", "new/", "is a directory"},
		{"a missing directory", "missing/a", "missing/a: cannot use its directory"},
		{"a missing directory and back", "missing/../a", "cannot use its directory"},
		{"a file as a directory", "plain/a", "plain"},
		{"read-only", "protected", "protected: read-only file"},
		{"NUL in the name", "a\x00b", "invalid argument"},
		{"too long a name", strings.Repeat("x", 300), "name too long"},
		{"too long a name for an incomplete result", strings.Repeat("x", 250), "name too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && (strings.Contains(tt.want, "invalid") || strings.Contains(tt.want, "long")) {
				t.Skip("Windows words this in its own way")
			}
			o, err := newAt(Output{Sink: text("A"), File: tt.file})
			if o != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New returned %v, %v, want an error with %q", o, err, tt.want)
			}
		})
	}
	checkTemps(t, nil, dir)
}

func TestNewWithoutSink(t *testing.T) {
	if _, err := newAt(Output{}); err == nil {
		t.Error("an output without a sink was taken")
	}
}

func TestNewDirectoryNotWritable(t *testing.T) {
	inDir(t)
	mkdir(t, "locked", 0o500)
	if f, err := os.Create("locked/probe"); err == nil {
		f.Close()
		t.Skip("this user may write everywhere")
	}
	_, err := newAt(Output{Sink: text("A"), File: "locked/a"})
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "locked/a: cannot create a file in its directory") {
		t.Errorf("New: %v", err)
	}
}

func TestNewLinkCircle(t *testing.T) {
	inDir(t)
	symlink(t, "b", "a")
	symlink(t, "a", "b")
	if _, err := newAt(Output{Sink: text("A"), File: "a"}); err == nil {
		t.Error("a circle of links was taken")
	}
}

func TestNewSameFile(t *testing.T) {
	dir := inDir(t)
	mkdir(t, "dir", 0o700)
	writeFile(t, "old", "old", 0o600)
	symlink(t, "old", "link")
	symlink(t, "dir", "dirlink")
	symlink(t, filepath.Join("dir", "new"), "dangling")
	if err := os.Link("old", "hard"); err != nil {
		t.Skipf("no hard links here: %v", err)
	}
	tests := []struct {
		name, a, b string
		same       bool
	}{
		{"standard output twice", "", "", true},
		{"same name", "old", "old", true},
		{"dot", "old", "./old", true},
		{"absolute", "old", filepath.Join(dir, "old"), true},
		{"link", "link", "old", true},
		{"hard link", "hard", "old", true},
		{"new file", "new", "./new", true},
		{"new file through a linked directory", "dir/new", "dirlink/new", true},
		{"new file by another way", "dir/new", "dir/../dir/new", true},
		{"new file that a link leads to", "dir/new", "dangling", true},
		{"new files but for capitals", "dir/new", "dir/NEW", true},
		{"device", os.DevNull, os.DevNull, false},
		{"two files", "old", "new", false},
		{"two new files", "new1", "new2", false},
		{"same name, other directory", "new", "dir/new", false},
		{"standard output and a file", "", "new", false},
		{"file and device", "old", os.DevNull, false},
		{"dot-dot after a linked directory", "dirlink/../x", "dir/x", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newAt(Output{Sink: text("A"), File: tt.a}, Output{Sink: text("C"), File: "other"}, Output{Sink: text("B"), File: tt.b})
			if errors.Is(err, atomicfile.ErrSameFile) != tt.same || !tt.same && err != nil {
				t.Errorf("New with %q and %q: %v", tt.a, tt.b, err)
			}
		})
	}
}

func TestWriteModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	inDir(t)
	writeFile(t, "old", "old", 0o644)
	writeFile(t, "shared", "old", 0o666)
	mustWrite(t, Output{Sink: text("A"), File: "old"}, Output{Sink: text("B"), File: "new"}, Output{Sink: text("C"), File: "shared"})
	for name, want := range map[string]fs.FileMode{"old": 0o644, "new": 0o600, "shared": 0o666} {
		info, err := os.Stat(name)
		if err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, error %v, want %v", name, info.Mode(), err, want)
		}
	}
}

func TestWriteFollowsLinks(t *testing.T) {
	inDir(t)
	mkdir(t, "dir", 0o700)
	mkdir(t, filepath.Join("dir", "deep"), 0o700)
	writeFile(t, filepath.Join("dir", "old"), "old", 0o600)
	symlink(t, filepath.Join("dir", "old"), "link")
	symlink(t, filepath.Join("dir", "new"), "dangling")
	symlink(t, "dangling", "chain")
	symlink(t, filepath.Join("dir", "deep"), "deep")
	symlink(t, "deep/../up", "dotdot") // dir/up, not up
	for link, file := range map[string]string{"link": "dir/old", "chain": "dir/new", "dotdot": "dir/up"} {
		t.Run(link, func(t *testing.T) {
			mustWrite(t, Output{Sink: text("new"), File: link})
			checkFile(t, file, "new")
			if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("the link is %v, error %v", info, err)
			}
		})
	}
	checkFile(t, "up", "")
}

func TestWriteTargetTurnedIntoSomethingElse(t *testing.T) {
	dir := inDir(t)
	o := outputsAt(t, atomicfile.OS{}, Output{Sink: text("A"), File: "a"})
	mkdir(t, "a", 0o700)
	if _, err := o.Write(nil, complete); err == nil || !strings.Contains(err.Error(), "no longer a regular file") {
		t.Errorf("Write: %v", err)
	}
	checkTemps(t, nil, dir)
}

func TestWriteAgain(t *testing.T) {
	inDir(t)
	o := outputsAt(t, atomicfile.OS{}, Output{Sink: text("A"), File: "a"})
	for range 2 {
		if _, err := o.Write(nil, complete); err != nil {
			t.Fatal(err)
		}
	}
	checkFile(t, "a", "A")
}

func TestWriteDevNull(t *testing.T) {
	mustWrite(t, Output{Sink: text(big), File: os.DevNull})
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is now %v, error %v", os.DevNull, info, err)
	}
}

func TestWriteDevFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	inDir(t)
	for _, content := range []string{"x", big} {
		o := outputsAt(t, atomicfile.OS{}, Output{Sink: text("A"), File: "a"}, Output{Sink: text(content), File: "/dev/full"})
		if _, err := o.Write(nil, complete); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%d bytes into /dev/full: %v", len(content), err)
		}
		checkFile(t, "a", "")
	}
}

func TestNewFaults(t *testing.T) {
	faulty.Each(t, func(t *testing.T, f *faulty.Files) {
		dir := t.TempDir()
		o, err := newOutputs([]Output{{Sink: text("A"), File: filepath.Join(dir, "a")}}, new(atomicfile.Claims), f)
		checkFault(t, f, err)
		if (o == nil) != (err != nil) {
			t.Errorf("outputs %v and error %v", o, err)
		}
		checkTemps(t, f, dir)
	})
}

// TestEachDirectoryIsTriedOnce checks that New tries each directory once, and
// none for standard output or a device.
func TestEachDirectoryIsTriedOnce(t *testing.T) {
	inDir(t)
	mkdir(t, "dir", 0o700)
	f := &faulty.Files{Files: atomicfile.OS{}}
	var outputs []Output
	for _, file := range []string{"", os.DevNull, "c", "d", "dir/e"} {
		outputs = append(outputs, Output{Sink: text("A"), File: file})
	}
	if _, err := newOutputs(outputs, new(atomicfile.Claims), f); err != nil {
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

// TestNewClaims checks that New adds the files that Write may change to the
// claims of a run, and returns an error if one of them is an input.
func TestNewClaims(t *testing.T) {
	inDir(t)
	for _, tt := range []struct {
		input  string
		output Output
		same   bool
	}{
		{"in", Output{Sink: text("A"), File: "in"}, true},
		{"in", Output{Sink: marked("A"), File: "in"}, true},
		{"in.incomplete", Output{Sink: text("A"), File: "in"}, true},
		{"in.incomplete", Output{Sink: marked("A"), File: "in"}, false},
		{"in", Output{Sink: text("A"), File: "out"}, false},
		{os.DevNull, Output{Sink: text("A"), File: os.DevNull}, false},
	} {
		for _, outputFirst := range []bool{false, true} {
			claims := new(atomicfile.Claims)
			newOutput := func() error { _, err := New([]Output{tt.output}, claims); return err }
			addInput := func() error { return claims.Add(atomicfile.Reads, "input", tt.input) }
			steps := []func() error{addInput, newOutput}
			if outputFirst {
				steps[0], steps[1] = steps[1], steps[0]
			}
			err := errors.Join(steps[0](), steps[1]())
			if errors.Is(err, atomicfile.ErrSameFile) != tt.same || !tt.same && err != nil {
				t.Errorf("input %s, output %s: %v", tt.input, tt.output.File, err)
			}
		}
	}
}
