package outfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/faulty"
	"fastcount/sinks"
)

func TestWriteIncomplete(t *testing.T) {
	dir := inDir(t)
	writeFile(t, "b.csv", "old", 0o640)
	o := outputsAt(t, atomicfile.OS{},
		Output{Sink: sinks.NDJSON{}, File: "a"}, Output{Sink: sinks.CSV{}, File: "b.csv"}, Output{Sink: sinks.CSV{}, File: "c.csv"},
		Output{Sink: sinks.BadRows{}, File: "rejects.csv"}, Output{Sink: sinks.JSON{}})
	const header = "patient_id,event_type,count\n"
	if err := o.CheckIncomplete(); err != nil {
		t.Fatal(err)
	}
	got, err := o.Write(io.Discard, incomplete)
	if err != nil {
		t.Fatal(err)
	}
	want := []Incomplete{{"b.csv", "b.csv.incomplete", true}, {"c.csv", "c.csv.incomplete", false}}
	if !slices.Equal(got, want) {
		t.Errorf("Write returned %v, want %v", got, want)
	}
	for name, content := range map[string]string{
		"a": rendered(sinks.NDJSON{}, incomplete), "a.incomplete": "",
		"b.csv": "old", "b.csv.incomplete": header,
		"c.csv": "", "c.csv.incomplete": header,
		"rejects.csv": "source,line,offset,reason,record\n", "rejects.csv.incomplete": "",
	} {
		checkFile(t, name, content)
	}
	if got, err := o.Write(io.Discard, complete); got != nil || err != nil {
		t.Errorf("Write returned %v, %v for a complete report", got, err)
	}
	for _, name := range []string{"b.csv", "c.csv"} {
		checkFile(t, name, header)
		checkFile(t, name+".incomplete", "")
	}
	checkTemps(t, nil, dir)
}

func TestIncompleteString(t *testing.T) {
	for want, i := range map[string]Incomplete{
		"a: not written: the incomplete result is in b.incomplete":                       {"a", "b.incomplete", false},
		"a: from an earlier run, not replaced: the incomplete result is in b.incomplete": {"a", "b.incomplete", true},
	} {
		if got := i.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestIncompleteOrder checks the order of the operations on the file of an
// earlier run.
func TestIncompleteOrder(t *testing.T) {
	const file = "create, write, lstat, sync, close, rename, sync directory, "
	const replaced = "create, write, lstat, chmod, sync, close, rename, sync directory, "
	tests := []struct {
		name   string
		report *engine.Report
		old    string // content of FILE.incomplete
		want   string
	}{
		{"complete", complete, "", file + "lstat"},
		{"incomplete", incomplete, "", "lstat, lstat, " + strings.TrimSuffix(file, ", ")},
		{"incomplete again", incomplete, "old", "lstat, lstat, " + strings.TrimSuffix(replaced, ", ")},
		{"complete after incomplete", complete, "old", file + "lstat, remove, sync directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inDir(t)
			if tt.old != "" {
				writeFile(t, "a.incomplete", tt.old, 0o600)
			}
			f := &faulty.Files{Files: atomicfile.OS{}}
			if _, err := outputsAt(t, f, Output{Sink: text("A"), File: "a"}).Write(nil, tt.report); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(f.Ops, ", "); got != tt.want {
				t.Errorf("operations:\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestNotRegularIsLeftAlone checks that what is not a regular file is neither
// replaced nor removed.
func TestNotRegularIsLeftAlone(t *testing.T) {
	for name, create := range map[string]func(t *testing.T){
		"directory": func(t *testing.T) { mkdir(t, "a.incomplete", 0o700) },
		"link": func(t *testing.T) {
			writeFile(t, "file", "x", 0o600)
			symlink(t, "file", "a.incomplete")
		},
		"dangling link": func(t *testing.T) { symlink(t, "nothing", "a.incomplete") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := inDir(t)
			create(t)
			before, err := os.Lstat("a.incomplete")
			if err != nil {
				t.Fatal(err)
			}
			o := outputsAt(t, atomicfile.OS{}, Output{Sink: text("A"), File: "a"})
			if _, err := o.Write(nil, complete); err != nil {
				t.Fatal(err)
			}
			_, err = o.Write(nil, incomplete)
			for _, err := range []error{o.CheckIncomplete(), err} {
				if err == nil || err.Error() != "output a: cannot write an incomplete result: a.incomplete: not a regular file" {
					t.Errorf("got %v", err)
				}
			}
			checkFile(t, "a", "A")
			checkTemps(t, nil, dir)
			if after, err := os.Lstat("a.incomplete"); err != nil || after.Mode() != before.Mode() || !after.ModTime().Equal(before.ModTime()) {
				t.Errorf("it is now %v, %v", after, err)
			}
			if _, err := outputsAt(t, atomicfile.OS{}, Output{Sink: marked("M"), File: "a"}).Write(nil, incomplete); err != nil {
				t.Errorf("a sink that marks: %v", err)
			}
		})
	}
}

// TestIncompleteFollowsLinks checks that FILE.incomplete is next to the file
// and not to a link that leads to it.
func TestIncompleteFollowsLinks(t *testing.T) {
	inDir(t)
	mkdir(t, "dir", 0o700)
	symlink(t, filepath.Join("dir", "real.csv"), "link.csv")
	if _, err := outputsAt(t, atomicfile.OS{}, Output{Sink: text("A"), File: "link.csv"}).Write(nil, incomplete); err != nil {
		t.Fatal(err)
	}
	checkFile(t, "dir/real.csv", "")
	checkFile(t, "dir/real.csv.incomplete", "A")
	checkFile(t, "link.csv.incomplete", "")
	mustWrite(t, Output{Sink: text("B"), File: "dir/real.csv"})
	checkFile(t, "dir/real.csv", "B")
	checkFile(t, "dir/real.csv.incomplete", "")
}

// TestUnmarkedOutputs checks that an incomplete report is not written to
// standard output or a device by a sink that cannot mark it, and that no other
// output is written then.
func TestUnmarkedOutputs(t *testing.T) {
	dir := inDir(t)
	for file, name := range map[string]string{"": "output standard output", os.DevNull: "output " + os.DevNull} {
		o := outputsAt(t, atomicfile.OS{}, Output{Sink: text("A"), File: "a"}, Output{Sink: sinks.CSV{}, File: file})
		var stdout strings.Builder
		_, err := o.Write(&stdout, incomplete)
		for _, err := range []error{o.CheckIncomplete(), err} {
			if !errors.Is(err, ErrUnmarked) || err.Error() != name+": cannot mark a result as incomplete" {
				t.Errorf("%q: %v", file, err)
			}
		}
		checkFile(t, "a", "")
		checkFile(t, "a.incomplete", "")
		if _, err := o.Write(&stdout, complete); err != nil {
			t.Errorf("%q, a complete report: %v", file, err)
		}
		if err := os.Remove("a"); err != nil {
			t.Error(err)
		}
		if file == "" && stdout.String() != "patient_id,event_type,count\n" {
			t.Errorf("standard output: %q", stdout.String())
		}
	}
	checkTemps(t, nil, dir)
	o := outputsAt(t, atomicfile.OS{}, Output{Sink: sinks.JSON{}}, Output{Sink: sinks.Table{}, File: os.DevNull})
	if err := o.CheckIncomplete(); err != nil {
		t.Errorf("sinks that mark: %v", err)
	}
}

// neverMarks is a Marker whose value marks nothing.
type neverMarks struct{ text }

func (neverMarks) MarksIncomplete() bool { return false }

func TestMarkerThatMarksNothing(t *testing.T) {
	inDir(t)
	if _, err := outputsAt(t, atomicfile.OS{}, Output{Sink: neverMarks{"A"}, File: "a"}).Write(nil, incomplete); err != nil {
		t.Fatal(err)
	}
	checkFile(t, "a", "")
	checkFile(t, "a.incomplete", "A")
}

// TestIncompleteIsClaimed checks that FILE.incomplete is not another output.
func TestIncompleteIsClaimed(t *testing.T) {
	inDir(t)
	writeFile(t, "old.incomplete", "old", 0o600)
	symlink(t, "new.incomplete", "link")
	if err := os.Link("old.incomplete", "hard"); err != nil {
		t.Skipf("no hard links: %v", err)
	}
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"new", "new.incomplete", true},
		{"new.incomplete", "new", true},
		{"old", "old.incomplete", true},
		{"old", "hard", true},
		{"new", "link", true},
		{"new", "NEW.incomplete", true},
		{"new", "new.incomplete.incomplete", false},
		{"new", "old.incomplete", false},
		{"new", "new2", false},
	} {
		_, err := newAt(Output{Sink: text("A"), File: tt.a}, Output{Sink: text("B"), File: tt.b})
		if errors.Is(err, atomicfile.ErrSameFile) != tt.same || !tt.same && err != nil {
			t.Errorf("outputs %s and %s: %v", tt.a, tt.b, err)
		}
		if tt.same && !strings.Contains(err.Error(), "(for an incomplete ") {
			t.Errorf("the error does not give the reason: %v", err)
		}
	}
	if _, err := newAt(Output{Sink: marked("A"), File: "new"}, Output{Sink: text("B"), File: "new.incomplete"}); err != nil {
		t.Errorf("after a sink that marks: %v", err)
	}
}
