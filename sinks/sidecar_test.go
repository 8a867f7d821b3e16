package sinks

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/engine"
)

// lackingMore lacks several things, for reasons that nobody should print.
var lackingMore = &engine.Report{Shortfalls: []engine.Shortfall{
	{Part: "ward-1.csv", Err: errors.New("line 3, byte 20: cut\r\nshort\x1b[2J")},
	{Part: "ward\n2\xff.csv", Err: errors.New("\u202e1 row: left out")},
}}

const wantSidecar = `fastcount: the file of this name without .incomplete is an incomplete result; it lacks:
ward-1.csv: line 3, byte 20: cut\r\nshort\x1b[2J
ward\n2\xff.csv: \u202e1 row: left out
`

func TestSidecar(t *testing.T) {
	folder := inFolder(t)
	o := outputsAt(t, osFiles{}, Output{CSV{}, "a.csv"}, Output{NDJSON{}, "b"}, Output{BadRows{}, "rejects.csv"}, Output{JSON{}, ""})
	const header = "patient_id,event_type,count\n"
	if err := o.CheckIncomplete(); err != nil {
		t.Fatal(err)
	}
	if err := o.Write(io.Discard, lackingMore); err != nil {
		t.Fatal(err)
	}
	checkFile(t, "a.csv", header)
	checkFile(t, "a.csv.incomplete", wantSidecar)
	checkFile(t, "b.incomplete", "")
	checkFile(t, "rejects.csv", "source,line,offset,reason,record\n")
	checkFile(t, "rejects.csv.incomplete", "")
	if err := o.Write(io.Discard, complete); err != nil {
		t.Fatal(err)
	}
	checkFile(t, "a.csv", header)
	checkFile(t, "a.csv.incomplete", "")
	checkTemps(t, soundFiles(), folder)
}

// TestSidecarOrder pins which step follows which, and that no other run takes a step more than before.
func TestSidecarOrder(t *testing.T) {
	const csv = "look, create, write, stat, sync, close, "
	tests := []struct {
		name   string
		report *engine.Report
		old    string // the sidecar of an earlier run
		want   string
	}{
		{"complete", complete, "", csv + "rename, sync directory"},
		{"incomplete", lacking, "", "look, " + csv + "create, write, stat, sync, close, rename, sync directory, rename, sync directory"},
		{"incomplete again", lacking, oldSidecar, "look, " + csv + "create, write, stat, sync, close, rename, sync directory, rename, sync directory"},
		{"complete at last", complete, oldSidecar, csv + "rename, sync directory, remove, sync directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inFolder(t)
			if tt.old != "" {
				writeFile(t, "a.incomplete", tt.old, 0o600)
			}
			f := soundFiles()
			if err := outputsAt(t, f, Output{text("A"), "a"}).Write(nil, tt.report); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(f.Ops, ", "); got != tt.want {
				t.Errorf("operations:\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestSidecarsOfOthersAreLeftAlone: what does not begin as a sidecar does is no sidecar, whatever it is.
func TestSidecarsOfOthersAreLeftAlone(t *testing.T) {
	strangers := map[string]func(t *testing.T){
		"empty":       func(t *testing.T) { writeFile(t, "a.incomplete", "", 0o600) },
		"other text":  func(t *testing.T) { writeFile(t, "a.incomplete", foreign, 0o600) },
		"cut title":   func(t *testing.T) { writeFile(t, "a.incomplete", sidecarTitle[:len(sidecarTitle)-1], 0o600) },
		"later title": func(t *testing.T) { writeFile(t, "a.incomplete", "\n"+sidecarTitle, 0o600) },
		"folder":      func(t *testing.T) { mkdir(t, "a.incomplete", 0o700) },
		"link": func(t *testing.T) {
			writeFile(t, "sidecar", oldSidecar, 0o600)
			symlink(t, "sidecar", "a.incomplete")
		},
		"link to nothing": func(t *testing.T) { symlink(t, "nothing", "a.incomplete") },
	}
	for name, put := range strangers {
		t.Run(name, func(t *testing.T) {
			folder := inFolder(t)
			put(t)
			before, err := os.Lstat("a.incomplete")
			if err != nil {
				t.Fatal(err)
			}
			o := outputsAt(t, osFiles{}, Output{text("A"), "a"})
			if err := o.Write(nil, complete); err != nil {
				t.Fatal(err)
			}
			for _, err := range []error{o.CheckIncomplete(), o.Write(nil, lacking)} {
				if err == nil || !strings.HasPrefix(err.Error(), "output a: what an incomplete result lacks would be written to a.incomplete") {
					t.Errorf("got %v", err)
				}
			}
			checkFile(t, "a", "A")
			checkTemps(t, soundFiles(), folder)
			if after, err := os.Lstat("a.incomplete"); err != nil || after.Mode() != before.Mode() || !after.ModTime().Equal(before.ModTime()) {
				t.Errorf("it is now %v, %v", after, err)
			}
			if err := outputsAt(t, osFiles{}, Output{marked{}, "a"}).Write(nil, lacking); err != nil {
				t.Errorf("a sink that needs no sidecar: %v", err)
			}
		})
	}
}

// TestSidecarFollowsLinks: it stands beside the file, not beside the link.
func TestSidecarFollowsLinks(t *testing.T) {
	inFolder(t)
	mkdir(t, "dir", 0o700)
	symlink(t, filepath.Join("dir", "real.csv"), "link.csv")
	if err := outputsAt(t, osFiles{}, Output{text("A"), "link.csv"}).Write(nil, lacking); err != nil {
		t.Fatal(err)
	}
	checkFile(t, "dir/real.csv", "A")
	checkFile(t, "dir/real.csv.incomplete", rendered(sidecar{}, lacking))
	checkFile(t, "link.csv.incomplete", "")
	mustWrite(t, Output{text("B"), "dir/real.csv"})
	checkFile(t, "dir/real.csv.incomplete", "")
}

// TestUnmarkedOutputs: what cannot say that it is incomplete is not written, and nothing else is either.
func TestUnmarkedOutputs(t *testing.T) {
	folder := inFolder(t)
	for _, file := range []string{"", os.DevNull} {
		o := outputsAt(t, osFiles{}, Output{text("A"), "a"}, Output{CSV{}, file})
		var stdout strings.Builder
		for _, err := range []error{o.CheckIncomplete(), o.Write(&stdout, lacking)} {
			if !errors.Is(err, ErrUnmarked) || !strings.HasPrefix(err.Error(), "output "+(target{file: file}).String()+": ") {
				t.Errorf("%q: %v", file, err)
			}
		}
		if err := o.Write(&stdout, complete); err != nil {
			t.Errorf("%q, a complete report: %v", file, err)
		}
		if err := os.Remove("a"); err != nil {
			t.Error(err)
		}
		checkFile(t, "a.incomplete", "")
		if file == "" && stdout.String() != "patient_id,event_type,count\n" {
			t.Errorf("standard output: %q", stdout.String())
		}
	}
	checkTemps(t, soundFiles(), folder)
	if err := outputsAt(t, osFiles{}, Output{JSON{}, ""}, Output{Table{}, os.DevNull}).CheckIncomplete(); err != nil {
		t.Errorf("sinks that mark: %v", err)
	}
}

// hushed is a Marker that says that it marks nothing.
type hushed struct{ text }

func (hushed) MarksIncomplete() bool { return false }

func TestMarkerThatMarksNothing(t *testing.T) {
	inFolder(t)
	if err := outputsAt(t, osFiles{}, Output{hushed{"A"}, "a"}).Write(nil, lacking); err != nil {
		t.Fatal(err)
	}
	checkFile(t, "a.incomplete", rendered(sidecar{}, lacking))
}

// TestSidecarsAreNoOutputsAndNoInputs: nothing else of a run may be where a sidecar may be written or removed.
func TestSidecarsAreNoOutputsAndNoInputs(t *testing.T) {
	inFolder(t)
	writeFile(t, "old.incomplete", oldSidecar, 0o600)
	writeFile(t, "notes", "x", 0o600)
	symlink(t, "new.incomplete", "link")
	if err := os.Link("old.incomplete", "hard"); err != nil {
		t.Skipf("no hard links here: %v", err)
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
		for _, sink := range []Sink{text("B"), BadRows{}} {
			_, err := NewOutputs([]Output{{text("A"), tt.a}, {sink, tt.b}})
			if errors.Is(err, ErrSameFile) != tt.same || !tt.same && err != nil {
				t.Errorf("outputs %s and %s: %v", tt.a, tt.b, err)
			}
			if tt.same && !strings.Contains(err.Error(), "lack)") {
				t.Errorf("it does not say what for: %v", err)
			}
		}
	}
}

// TestUnreadableSidecar: whether it is one is found out before the work, not after it.
func TestUnreadableSidecar(t *testing.T) {
	inFolder(t)
	writeFile(t, "a.incomplete", oldSidecar, 0o000)
	if f, err := os.Open("a.incomplete"); err == nil {
		f.Close()
		t.Skip("this user may read everything")
	}
	if _, err := NewOutputs([]Output{{text("A"), "a"}}); !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "output a: ") {
		t.Errorf("NewOutputs: %v", err)
	}
}

// TestWriteFaultsSidecar is TestWriteFails on a real file system: old and new are incomplete, or one of them.
func TestWriteFaultsSidecar(t *testing.T) {
	for _, s := range []scene{
		{"again", map[string]string{"a": oldPart, "a.incomplete": oldSidecar}, map[string]Sink{"a": unmarked("A")}, lacking},
		{"at last complete", map[string]string{"a": oldPart, "a.incomplete": oldSidecar}, map[string]Sink{"a": unmarked("A")}, complete},
		{"for once", map[string]string{"a": oldWhole}, map[string]Sink{"a": unmarked("A"), "rejects": BadRows{}}, lacking},
	} {
		t.Run(s.name, func(t *testing.T) {
			eachFault(t, func(t *testing.T, f *faultyFiles) {
				folder := inFolder(t)
				for name, content := range s.before {
					writeFile(t, name, content, 0o640)
				}
				var outputs []Output
				for _, p := range s.paths() {
					outputs = append(outputs, Output{s.sinks[p], p})
				}
				err := outputsAt(t, f, outputs...).Write(nil, s.report)
				checkFault(t, f, err)
				checkTemps(t, f, folder)
				now := filesIn(t, folder)
				for _, p := range s.problems(now) {
					t.Errorf("%s: %q, error %v", p, now, err)
				}
				if _, left := now["a.incomplete"]; err != nil && strings.Contains(err.Error(), "beside it stands") && !left {
					t.Errorf("a sidecar is reported that is not there: %v", err)
				}
				if err == nil {
					for name, want := range s.after() {
						checkFile(t, name, want)
					}
				}
			})
		})
	}
}

func filesIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	contents := make(map[string]string)
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		contents[e.Name()] = string(content)
	}
	return contents
}
