package outfile

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/proof"
	"fastcount/sinks"
)

// incomplete is a report with a missing part.
var incomplete = &engine.Report{Keys: make([][]string, 2), Incomplete: []*engine.PartError{{Part: "ward-1", Err: errors.New("gone")}}}

// unmarked is a sink that does not mark incomplete reports, although a test can
// recognize what it writes for one.
type unmarked string

func (s unmarked) Write(w io.Writer, r *engine.Report) error {
	if len(r.Incomplete) > 0 {
		return text(someCounts).Write(w, r)
	}
	return text(string(s)+" complete\n").Write(w, r)
}

// someCounts is what an unmarked sink writes for an incomplete report. It must
// only ever appear in a file called FILE.incomplete.
const someCounts = "some of the counts\n"

// marked is a sink that marks incomplete reports.
type marked string

func (marked) MarksIncomplete() bool { return true }

func (s marked) Write(w io.Writer, r *engine.Report) error {
	if len(r.Incomplete) > 0 {
		return text("incomplete: "+string(s)).Write(w, r)
	}
	return text(string(s)).Write(w, r)
}

// The files of earlier runs.
const (
	oldComplete   = "old and complete\n"
	oldIncomplete = "some of the old counts\n"
)

// scene is a set of outputs and the files that exist before they are written.
type scene struct {
	name   string
	before map[string]string
	sinks  map[string]sinks.Sink // by path
	report *engine.Report
}

func (s scene) paths() []string { return slices.Sorted(maps.Keys(s.sinks)) }

func (s scene) outputs(d *disk) *Outputs {
	o := &Outputs{files: d}
	for _, p := range s.paths() {
		place := atomicfile.Place{Name: p, Path: p}
		o.targets = append(o.targets, target{Output{Sink: s.sinks[p], File: p}, place})
	}
	return o
}

// file returns the path that the output p is written to.
func (s scene) file(p string) string {
	if t := (target{Output: Output{Sink: s.sinks[p]}}); len(s.report.Incomplete) > 0 && !t.marks() {
		return p + ".incomplete"
	}
	return p
}

// after returns the files after a Write that succeeded.
func (s scene) after() map[string]string {
	want := maps.Clone(s.before)
	for p, sink := range s.sinks {
		if t := (target{Output: Output{Sink: sink}}); !t.marks() {
			delete(want, p+".incomplete")
		}
		want[s.file(p)] = rendered(sink, s.report)
	}
	return want
}

func scenes() (all []scene) {
	befores := map[string]map[string]string{
		"new":              {},
		"over complete":    {"d/a": oldComplete},
		"over incomplete":  {"d/a": oldComplete, "d/a.incomplete": oldIncomplete},
		"after incomplete": {"d/a.incomplete": oldIncomplete},
	}
	for _, r := range []*engine.Report{complete, incomplete} {
		for _, sink := range []sinks.Sink{unmarked("new"), marked("new")} {
			for before, contents := range befores {
				name := fmt.Sprintf("%T, %d missing, %s", sink, len(r.Incomplete), before)
				all = append(all, scene{name, contents, map[string]sinks.Sink{"d/a": sink}, r})
			}
		}
		all = append(all, scene{
			fmt.Sprintf("several, %d missing", len(r.Incomplete)),
			map[string]string{"d/a": oldComplete, "d/a.incomplete": oldIncomplete, "e/c": oldComplete, "e/c.incomplete": oldIncomplete, "e/rejects": oldComplete},
			map[string]sinks.Sink{"d/a": unmarked("a"), "d/b": unmarked("b"), "e/c": marked("c"), "e/rejects": sinks.BadRows{}},
			r,
		})
	}
	return all
}

// faults are ways in which operations from the nth on fail.
var faults = []struct {
	name      string
	lostReply bool
	fails     func(nth int) func(n int) bool
}{
	{"once", false, func(nth int) func(int) bool { return func(n int) bool { return n == nth } }},
	{"all", false, func(nth int) func(int) bool { return func(n int) bool { return n >= nth } }},
	{"once, with a lost reply", true, func(nth int) func(int) bool { return func(n int) bool { return n == nth } }},
	{"twice", false, func(nth int) func(int) bool { return func(n int) bool { return n == nth || n == nth+1 } }},
}

// TestWriteFails makes every operation fail, in every way, and checks the files
// that exist then, those that a power failure would leave, and the error.
func TestWriteFails(t *testing.T) {
	cases := 0
	for _, s := range scenes() {
		for _, fault := range faults {
			for _, errno := range []error{syscall.ENOSPC, syscall.EIO, syscall.EDQUOT} {
				eachOperation(t, &cases, func(nth int) *disk {
					d := newDisk(s.before)
					d.err, d.lostReply, d.fails = errno, fault.lostReply, fault.fails(nth)
					_, err := s.outputs(d).Write(nil, s.report)
					checkScene(t, fmt.Sprintf("%s: %s, operation %d, %v", s.name, fault.name, nth, errno), s, d, err)
					return d
				})
			}
		}
	}
	proof.Cases(t, "outputs", cases)
}

// eachOperation calls run with 1, 2, 3 and so on, until no operation is left to
// fail.
func eachOperation(t *testing.T, cases *int, run func(nth int) *disk) {
	t.Helper()
	for nth := 1; ; nth++ {
		*cases++
		if d := run(nth); len(d.log) == 0 {
			return
		}
		if nth > 200 {
			t.Fatal("the operations do not end")
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
		problems = append(problems, "failures and error disagree")
	}
	for _, p := range problems {
		t.Errorf("%s: %s\nfailed: %q\nerror: %v\nfiles: %q", name, p, d.log, err, now)
	}
}

// problems returns what must never occur in contents, whatever failed: a file
// that is neither old nor new, a file that is gone, and an incomplete result
// that looks complete.
func (s scene) problems(contents map[string]string) (found []string) {
	after := s.after()
	for name, content := range contents {
		if !isTemp(name) && content != s.before[name] && content != after[name] {
			found = append(found, name+" is neither old nor new")
		}
		if content == someCounts && !isTemp(name) && !strings.HasSuffix(name, ".incomplete") {
			found = append(found, name+" looks complete")
		}
	}
	for name := range s.before {
		_, exists := contents[name]
		if _, wanted := after[name]; !exists && wanted {
			found = append(found, name+" is gone")
		}
	}
	return found
}

// unfinished returns what is not as it must be after a Write without an error,
// now and after a power failure.
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
				found = append(found, name+" exists")
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

// misreported returns what an error fails to mention or gets wrong.
func (s scene) misreported(d *disk, err error) (found []string) {
	if !errors.Is(err, d.err) {
		found = append(found, "the error hides its cause")
	}
	for _, op := range d.log {
		if !strings.Contains(err.Error(), op+": ") {
			found = append(found, "the error does not mention that this failed: "+op)
		}
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if strings.HasPrefix(line, "close: ") {
			continue // an error of package os names the file
		}
		if !slices.ContainsFunc(s.paths(), func(p string) bool { return strings.Contains(line, p) }) {
			found = append(found, "a line of the error does not name its file: "+line)
		}
	}
	now := d.contents()
	if len(temporary(now)) > 0 && !slices.Contains(d.log, "remove") {
		found = append(found, "temporary files are left")
	}
	if d.lostReply || written(err) {
		return found
	}
	for p := range s.sinks {
		file := s.file(p)
		if isNew := now[file] != s.before[file]; isNew != inPlace(err, file, p) {
			found = append(found, fmt.Sprintf("%s is new: %v; the error reports the opposite", file, isNew))
		}
	}
	return found
}

// inPlace reports whether err reports that one of the paths was renamed.
func inPlace(err error, paths ...string) bool {
	_, list, _ := strings.Cut(err.Error(), "already in place: ")
	list, _, _ = strings.Cut(list, ")")
	return slices.ContainsFunc(paths, func(path string) bool {
		return slices.Contains(strings.Split(list, ", "), path) || strings.Contains(err.Error(), path+": written, but cannot sync its directory")
	})
}

// written reports whether err reports that all outputs were written.
func written(err error) bool {
	return strings.Contains(err.Error(), "written, but cannot remove ")
}

// TestWriteFailsTwice makes one operation fail and, of those that follow, all
// from another one on, as when the process is killed while it cleans up.
func TestWriteFailsTwice(t *testing.T) {
	cases := 0
	for _, s := range scenes() {
		for _, lostReply := range []bool{false, true} {
			for gap := 1; gap < 12; gap++ {
				eachOperation(t, &cases, func(nth int) *disk {
					d := newDisk(s.before)
					d.err, d.lostReply, d.fails = syscall.EIO, lostReply, func(n int) bool { return n == nth || n >= nth+gap }
					if _, err := s.outputs(d).Write(nil, s.report); (err != nil) != (len(d.log) > 0) {
						t.Errorf("%s, %d and from %d on: error %v", s.name, nth, nth+gap, err)
					}
					check := func(contents map[string]string) {
						for _, p := range s.problems(contents) {
							t.Errorf("%s, %d and from %d on: %s\nfailed: %q\nfiles: %q", s.name, nth, nth+gap, p, d.log, contents)
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

// TestWriteAfterAKilledRun checks that the same command again gives the files
// that it should, whatever a run has left that was killed.
func TestWriteAfterAKilledRun(t *testing.T) {
	cases := 0
	for _, first := range scenes() {
		for _, r := range []*engine.Report{complete, incomplete} {
			eachOperation(t, &cases, func(nth int) *disk {
				killed := newDisk(first.before)
				killed.err, killed.fails = syscall.EIO, func(n int) bool { return n >= nth }
				_, _ = first.outputs(killed).Write(nil, first.report) // its process has ended
				killed.afterPowerFailure(func(contents map[string]string) {
					d := newDisk(contents)
					second := scene{first.name, contents, first.sinks, r}
					if _, err := second.outputs(d).Write(nil, r); err != nil {
						t.Fatalf("%s, killed at %d, then %d missing: %v", first.name, nth, len(r.Incomplete), err)
					}
					for name := range contents {
						if isTemp(name) { // of the first run
							delete(d.names, name)
						}
					}
					for _, p := range second.unfinished(d) {
						if !strings.Contains(p, ".fastcount-") {
							t.Errorf("%s, killed at %d, then %d missing: %s: %q", first.name, nth, len(r.Incomplete), p, d.contents())
						}
					}
				})
				return killed
			})
		}
	}
	proof.Cases(t, "outputs", cases)
}

// TestIncompleteModes checks that FILE.incomplete keeps its own mode and is
// private when it is new.
func TestIncompleteModes(t *testing.T) {
	d := newDisk(map[string]string{"d/a": oldComplete, "d/a.incomplete": oldIncomplete, "d/b": oldComplete})
	s := scene{"", nil, map[string]sinks.Sink{"d/a": unmarked("a"), "d/b": unmarked("b")}, incomplete}
	if _, err := s.outputs(d).Write(nil, incomplete); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"d/a": "-rw-r-----", "d/a.incomplete": "-rw-r-----", "d/b": "-rw-r-----", "d/b.incomplete": "-rw-------"} {
		if f := d.names[name]; f == nil || f.mode.String() != want {
			t.Errorf("%s: %v, want mode %s", name, f, want)
		}
	}
}
