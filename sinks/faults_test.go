package sinks

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/proof"
)

// lacking lacks something.
var lacking = &engine.Report{Shortfalls: []engine.Shortfall{{Part: "ward-1", Err: errors.New("gone")}}}

// unmarked is a sink that does not know of incomplete reports; a test can tell what it wrote of one all the same.
type unmarked string

func (s unmarked) Write(w io.Writer, r *engine.Report) error {
	if len(r.Shortfalls) > 0 {
		return text(unmarkedLacking).Write(w, r)
	}
	return text(string(s)+" whole\n").Write(w, r)
}

// unmarkedLacking is what an unmarked sink writes of an incomplete report: without its sidecar it is a lie.
const unmarkedLacking = "a part of the counts\n"

// marked is a sink that marks incomplete reports.
type marked struct{}

func (marked) MarksIncomplete() bool { return true }

func (marked) Write(w io.Writer, r *engine.Report) error {
	return text(fmt.Sprintf("%d shortfalls\n", len(r.Shortfalls))).Write(w, r)
}

// What earlier runs have left.
const (
	oldPart    = "an old part of the counts\n" // a lie without a sidecar, too
	oldSidecar = sidecarTitle + "ward-9: an old reason\n"
	oldWhole   = "old and whole\n"
	foreign    = "notes of mine\n"
)

// scene is a run's outputs and what was there before.
type scene struct {
	name   string
	before map[string]string
	sinks  map[string]Sink // by path
	report *engine.Report
}

func (s scene) paths() []string {
	var paths []string
	for p := range s.sinks {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

func (s scene) outputs(d *disk) *Outputs {
	o := &Outputs{files: d}
	for _, p := range s.paths() {
		o.targets = append(o.targets, target{sink: s.sinks[p], file: p, path: p})
	}
	return o
}

// after is what is there when all went well.
func (s scene) after() map[string]string {
	want := make(map[string]string)
	for name, content := range s.before {
		if content != oldSidecar {
			want[name] = content
		}
	}
	for p, sink := range s.sinks {
		want[p] = rendered(sink, s.report)
		if len(s.report.Shortfalls) > 0 && !marks(sink) {
			want[p+sidecarSuffix] = rendered(sidecar{}, s.report)
		}
	}
	return want
}

func scenes() (all []scene) {
	befores := map[string]map[string]string{
		"new":              {},
		"over a whole one": {"d/a": oldWhole},
		"over a part":      {"d/a": oldPart, "d/a.incomplete": oldSidecar},
		"near a stranger":  {"d/a": oldWhole, "d/a.incomplete": foreign},
		"a sidecar alone":  {"d/a.incomplete": oldSidecar},
	}
	for _, r := range []*engine.Report{complete, lacking} {
		for _, sink := range []Sink{unmarked("new"), marked{}} {
			for before, contents := range befores {
				if before == "near a stranger" && r == lacking && !marks(sink) {
					continue // refused
				}
				name := fmt.Sprintf("%T, %d shortfalls, %s", sink, len(r.Shortfalls), before)
				all = append(all, scene{name, contents, map[string]Sink{"d/a": sink}, r})
			}
		}
		all = append(all, scene{
			fmt.Sprintf("several, %d shortfalls", len(r.Shortfalls)),
			map[string]string{"d/a": oldPart, "d/a.incomplete": oldSidecar, "e/c": oldPart, "e/c.incomplete": oldSidecar, "e/rejects": oldWhole},
			map[string]Sink{"d/a": unmarked("a"), "d/b": unmarked("b"), "e/c": marked{}, "e/rejects": BadRows{}},
			r,
		})
	}
	return all
}

// faults are ways in which operations from the nth on fail.
var faults = []struct {
	name  string
	lies  bool
	fails func(nth int) func(n int) bool
}{
	{"once", false, func(nth int) func(int) bool { return func(n int) bool { return n == nth } }},
	{"for ever", false, func(nth int) func(int) bool { return func(n int) bool { return n >= nth } }},
	{"once, or made and said to fail", true, func(nth int) func(int) bool { return func(n int) bool { return n == nth } }},
	{"twice", false, func(nth int) func(int) bool { return func(n int) bool { return n == nth || n == nth+1 } }},
}

// TestWriteFails lets every operation fail, in every way, and looks at what is there then, what a power failure would
// leave of it, and what the error says.
func TestWriteFails(t *testing.T) {
	cases := 0
	for _, s := range scenes() {
		for _, fault := range faults {
			for _, errno := range []error{syscall.ENOSPC, syscall.EIO, syscall.EDQUOT} {
				cases += eachOperation(t, func(nth int) *disk {
					d := newDisk(s.before)
					d.err, d.lies, d.fails = errno, fault.lies, fault.fails(nth)
					err := s.outputs(d).Write(nil, s.report)
					checkScene(t, fmt.Sprintf("%s: %s, operation %d, %v", s.name, fault.name, nth, errno), s, d, err)
					return d
				})
			}
		}
	}
	proof.Cases(t, "outputs", cases)
}

// eachOperation calls run with 1, 2, 3 and so on, until no operation is left to fail.
func eachOperation(t *testing.T, run func(nth int) *disk) (cases int) {
	t.Helper()
	for nth := 1; ; nth++ {
		cases++
		if d := run(nth); len(d.log) == 0 {
			return cases
		}
		if nth > 200 {
			t.Fatal("the operations do not come to an end")
		}
	}
}

func checkScene(t *testing.T, name string, s scene, d *disk, err error) {
	t.Helper()
	now := d.contents()
	problems := s.problems(now)
	d.afterPowerFailure(func(contents map[string]string) {
		for _, p := range s.problems(contents) {
			problems = append(problems, "after a power failure: "+p)
		}
	})
	if err == nil {
		problems = append(problems, s.unfinished(d)...)
	} else {
		problems = append(problems, s.misreported(d, err)...)
	}
	if (err != nil) != (len(d.log) > 0) {
		problems = append(problems, "failures and error do not fit")
	}
	for _, p := range problems {
		t.Errorf("%s: %s\nfailed: %q\nerror: %v\nthere is: %q", name, p, d.log, err, now)
	}
}

// problems says what must never be seen in contents, whatever failed: a file that is neither old nor new, an incomplete
// output without its sidecar, a file of others that was changed.
func (s scene) problems(contents map[string]string) (found []string) {
	after := s.after()
	for name, content := range contents {
		if !isTemp(name) && content != s.before[name] && content != after[name] {
			found = append(found, name+" is neither old nor new")
		}
	}
	for name, content := range s.before {
		if _, there := contents[name]; !there && content != oldSidecar {
			found = append(found, name+" is gone")
		}
	}
	for p := range s.sinks {
		if isPart := contents[p] == unmarkedLacking || contents[p] == oldPart; isPart && !strings.HasPrefix(contents[p+sidecarSuffix], sidecarTitle) {
			found = append(found, p+" lacks something, and nothing says so")
		}
	}
	return found
}

// unfinished says what is not as it must be after a Write without an error, now and after a power failure.
func (s scene) unfinished(d *disk) (found []string) {
	want := s.after()
	check := func(contents map[string]string) {
		for name := range want {
			if contents[name] != want[name] {
				found = append(found, name+" is not the new one")
			}
		}
		for name := range contents {
			if _, wanted := want[name]; !wanted && !isTemp(name) {
				found = append(found, name+" is there")
			}
		}
	}
	check(d.contents())
	d.afterPowerFailure(check)
	if len(temporary(d.contents())) > 0 {
		found = append(found, "temporary files are left")
	}
	return found
}

// misreported says what an error does not tell, or tells wrongly.
func (s scene) misreported(d *disk, err error) (found []string) {
	if !errors.Is(err, d.err) {
		found = append(found, "the error hides its cause")
	}
	for _, op := range d.log {
		if !strings.Contains(err.Error(), op+": ") {
			found = append(found, "the error does not tell that this failed: "+op)
		}
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !slices.ContainsFunc(s.paths(), func(p string) bool { return strings.HasPrefix(line, "output "+p+": ") }) {
			found = append(found, "a line of the error does not name its file: "+line)
		}
	}
	now := d.contents()
	if len(temporary(now)) > 0 && !slices.Contains(d.log, "remove") {
		found = append(found, "temporary files are left")
	}
	for p := range s.sinks {
		isNew := now[p] != s.before[p]
		if told := inPlace(err, p); isNew != told && !d.lies {
			found = append(found, fmt.Sprintf("%s is new: %v; the error says so: %v", p, isNew, told))
		}
		side := p + sidecarSuffix
		undone := now[side] == s.before[side] || s.before[side] == oldSidecar
		if !undone && !isNew && !d.lies && !slices.Contains(d.log, "remove") {
			found = append(found, side+" is left, although it could be removed")
		}
		if now[side] != s.before[side] && !isNew && !strings.Contains(err.Error(), side) {
			found = append(found, "the error does not tell of "+side)
		}
	}
	return found
}

// inPlace reports whether an error says that the output at path has got its name.
func inPlace(err error, path string) bool {
	_, list, _ := strings.Cut(err.Error(), "already in place: ")
	list, _, _ = strings.Cut(list, ")")
	return slices.Contains(strings.Split(list, ", "), path) || strings.Contains(err.Error(), "it is in place, but ")
}

// TestWriteFailsTwice lets one operation fail and, of what is done then, all from another on, as when the process is
// killed while it cleans up.
func TestWriteFailsTwice(t *testing.T) {
	cases := 0
	for _, s := range scenes() {
		for _, lies := range []bool{false, true} {
			for gap := 1; gap < 12; gap++ {
				cases += eachOperation(t, func(nth int) *disk {
					d := newDisk(s.before)
					d.err, d.lies, d.fails = syscall.EIO, lies, func(n int) bool { return n == nth || n >= nth+gap }
					if err := s.outputs(d).Write(nil, s.report); (err != nil) != (len(d.log) > 0) {
						t.Errorf("%s, %d and from %d on: error %v", s.name, nth, nth+gap, err)
					}
					d.lies = false // it is not of importance any more
					check := func(contents map[string]string) {
						for _, p := range s.problems(contents) {
							t.Errorf("%s, %d and from %d on: %s\nfailed: %q\nthere is: %q", s.name, nth, nth+gap, p, d.log, contents)
						}
					}
					check(d.contents())
					d.afterPowerFailure(check)
					return d
				})
			}
		}
	}
	proof.Cases(t, "outputs", cases)
}

// TestWriteHeals: whatever a run has left that was killed, the same command again gives what the scene wants.
func TestWriteHeals(t *testing.T) {
	cases := 0
	for _, first := range scenes() {
		for _, r := range []*engine.Report{complete, lacking} {
			cases += eachOperation(t, func(nth int) *disk {
				killed := newDisk(first.before)
				killed.err, killed.fails = syscall.EIO, func(n int) bool { return n >= nth }
				_ = first.outputs(killed).Write(nil, first.report) // its process is gone
				killed.afterPowerFailure(func(contents map[string]string) {
					d := newDisk(contents)
					second := first
					second.report = r
					if err := second.outputs(d).Write(nil, r); err != nil && !strings.Contains(err.Error(), "says no such thing") {
						t.Fatalf("%s, killed at %d, then %d shortfalls: %v", first.name, nth, len(r.Shortfalls), err)
					} else if err == nil {
						for _, p := range second.unfinished(d) {
							t.Errorf("%s, killed at %d, then %d shortfalls: %s: %q", first.name, nth, len(r.Shortfalls), p, d.contents())
						}
					}
				})
				return killed
			})
		}
	}
	proof.Cases(t, "outputs", cases)
}

// TestSidecarModes: who may read an output may read what it lacks.
func TestSidecarModes(t *testing.T) {
	d := newDisk(map[string]string{"d/a": oldWhole, "d/a.incomplete": oldSidecar})
	s := scene{"", nil, map[string]Sink{"d/a": unmarked("a"), "d/b": unmarked("b")}, lacking}
	if err := s.outputs(d).Write(nil, lacking); err != nil {
		t.Fatal(err)
	}
	for name, f := range d.names {
		want := "-rw-r-----"
		if path.Base(name)[0] == 'b' {
			want = "-rw-------"
		}
		if f.mode.String() != want {
			t.Errorf("%s has mode %v, want %s", name, f.mode, want)
		}
	}
}
