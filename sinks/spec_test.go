package sinks

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestParseSpec(t *testing.T) {
	tests := []struct {
		in   string
		want Spec
		err  string // part of the error
	}{
		{"json", Spec{"json", ""}, ""},
		{"csv=counts.csv", Spec{"csv", "counts.csv"}, ""},
		{"csv=a=b.csv", Spec{"csv", "a=b.csv"}, ""},
		{"csv=-", Spec{"csv", ""}, ""},
		{"csv=./-", Spec{"csv", "./-"}, ""},
		{`json=C:\out\a.json`, Spec{"json", `C:\out\a.json`}, ""},
		{"json= ", Spec{"json", " "}, ""},
		{"", Spec{}, "no format"},
		{"=a.csv", Spec{}, "no format"},
		{"csv=", Spec{}, "no file"},
	}
	for _, tt := range tests {
		got, err := ParseSpec(tt.in)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("ParseSpec(%q) = %+v, %v, want %+v and an error with %q", tt.in, got, err, tt.want, tt.err)
		}
	}
}

// inFolder makes a new folder the working directory and returns it.
func inFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	t.Chdir(folder)
	return folder
}

func symlink(t *testing.T, to, link string) {
	t.Helper()
	if err := os.Symlink(to, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
}

func mkdir(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Mkdir(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestNewOutputsRefuses(t *testing.T) {
	folder := inFolder(t)
	mkdir(t, "dir", 0o700)
	writeFile(t, "plain", "old", 0o600)
	writeFile(t, "protected", "old", 0o400)
	tests := []struct{ name, file, want string }{
		{"a folder", "dir", "dir: is a folder; name a file in it, such as " + filepath.Join("dir", "counts")},
		{"a folder with a slash", "dir/", "is a folder"},
		{"here", ".", "is a folder"},
		{"a new name with a slash", "new/", "is a folder"},
		{"a missing folder", "missing/a", "missing/a: its folder cannot be used"},
		{"a missing folder and back", "missing/../a", "its folder cannot be used"},
		{"a file as a folder", "plain/a", "plain"},
		{"read-only", "protected", "protected: the file is read-only"},
		{"NUL in the name", "a\x00b", "invalid argument"},
		{"too long a name", strings.Repeat("x", 300), "name too long"},
		{"too long a name for a sidecar", strings.Repeat("x", 250), "name too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && (strings.Contains(tt.want, "invalid") || strings.Contains(tt.want, "long")) {
				t.Skip("Windows words this in its own way")
			}
			o, err := NewOutputs([]Output{{text("A"), tt.file}})
			if o != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("NewOutputs = %v, %v, want an error with %q", o, err, tt.want)
			}
		})
	}
	checkTemps(t, soundFiles(), folder)
}

func TestNewOutputsWithoutSink(t *testing.T) {
	if _, err := NewOutputs([]Output{{}}); err == nil {
		t.Error("an output without a sink was taken")
	}
}

func TestNewOutputsUnwritableFolder(t *testing.T) {
	inFolder(t)
	mkdir(t, "locked", 0o500)
	if f, err := os.Create("locked/probe"); err == nil {
		f.Close()
		t.Skip("this user may write everywhere")
	}
	_, err := NewOutputs([]Output{{text("A"), "locked/a"}})
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "locked/a: its folder cannot be written to") {
		t.Errorf("NewOutputs: %v", err)
	}
}

func TestNewOutputsLinkCircle(t *testing.T) {
	inFolder(t)
	symlink(t, "b", "a")
	symlink(t, "a", "b")
	if _, err := NewOutputs([]Output{{text("A"), "a"}}); err == nil {
		t.Error("a circle of links was taken")
	}
}

func TestNewOutputsSameFile(t *testing.T) {
	folder := inFolder(t)
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
		{"absolute", "old", filepath.Join(folder, "old"), true},
		{"link", "link", "old", true},
		{"hard link", "hard", "old", true},
		{"new file", "new", "./new", true},
		{"new file through a linked folder", "dir/new", "dirlink/new", true},
		{"new file by another way", "dir/new", "dir/../dir/new", true},
		{"new file behind a link", "dir/new", "dangling", true},
		{"new files but for capitals", "dir/new", "dir/NEW", true},
		{"device", os.DevNull, os.DevNull, false},
		{"two files", "old", "new", false},
		{"two new files", "new1", "new2", false},
		{"same name, other folder", "new", "dir/new", false},
		{"standard output and a file", "", "new", false},
		{"file and device", "old", os.DevNull, false},
		{"dot-dot behind a linked folder", "dirlink/../x", "dir/x", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewOutputs([]Output{{text("A"), tt.a}, {text("C"), "other"}, {text("B"), tt.b}})
			if errors.Is(err, ErrSameFile) != tt.same || !tt.same && err != nil {
				t.Errorf("NewOutputs with %q and %q: %v", tt.a, tt.b, err)
			}
		})
	}
}

func TestWriteModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	inFolder(t)
	writeFile(t, "old", "old", 0o644)
	writeFile(t, "shared", "old", 0o666)
	mustWrite(t, Output{text("A"), "old"}, Output{text("B"), "new"}, Output{text("C"), "shared"})
	for name, want := range map[string]fs.FileMode{"old": 0o644, "new": 0o600, "shared": 0o666} {
		info, err := os.Stat(name)
		if err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, error %v, want %v", name, info.Mode(), err, want)
		}
	}
}

func mustWrite(t *testing.T, outputs ...Output) {
	t.Helper()
	if err := outputsAt(t, osFiles{}, outputs...).Write(nil, complete); err != nil {
		t.Fatal(err)
	}
}

func TestWriteFollowsLinks(t *testing.T) {
	inFolder(t)
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
			mustWrite(t, Output{text("new"), link})
			checkFile(t, file, "new")
			if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("the link is %v, error %v", info, err)
			}
		})
	}
	checkFile(t, "up", "")
}

func TestWriteTargetTurnedIntoSomethingElse(t *testing.T) {
	folder := inFolder(t)
	o := outputsAt(t, osFiles{}, Output{text("A"), "a"})
	mkdir(t, "a", 0o700)
	if err := o.Write(nil, complete); err == nil || !strings.Contains(err.Error(), "no longer a regular file") {
		t.Errorf("Write: %v", err)
	}
	checkTemps(t, soundFiles(), folder)
}

func TestWriteAgain(t *testing.T) {
	inFolder(t)
	o := outputsAt(t, osFiles{}, Output{text("A"), "a"})
	for range 2 {
		if err := o.Write(nil, complete); err != nil {
			t.Fatal(err)
		}
	}
	checkFile(t, "a", "A")
}

func TestWriteDevNull(t *testing.T) {
	mustWrite(t, Output{text(big), os.DevNull})
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is now %v, error %v", os.DevNull, info, err)
	}
}

func TestWriteDevFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	inFolder(t)
	for _, content := range []string{"x", big} {
		o := outputsAt(t, osFiles{}, Output{text("A"), "a"}, Output{text(content), "/dev/full"})
		if err := o.Write(nil, complete); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%d bytes into /dev/full: %v", len(content), err)
		}
		checkFile(t, "a", "")
	}
}

func TestFilesOfOutputs(t *testing.T) {
	inFolder(t)
	writeFile(t, "in", "x", 0o600)
	symlink(t, "in", "link")
	o := outputsAt(t, osFiles{},
		Output{text("A"), "new"}, Output{text("B"), "link"}, Output{text("C"), ""}, Output{text("D"), os.DevNull})
	want := [][]string{{"new", "new.incomplete"}, {"in", "in.incomplete"}, nil, {os.DevNull}}
	if got := o.Files(); !reflect.DeepEqual(got, want) {
		t.Errorf("Files() = %q, want %q", got, want)
	}
}
