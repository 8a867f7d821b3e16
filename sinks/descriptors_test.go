package sinks

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestDescriptorsAreClosed counts the open files before and after runs that
// write, fail to write, and look for what an earlier run has left.
func TestDescriptorsAreClosed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close forgotten files
	inFolder(t)
	writeFile(t, "b.incomplete", sidecarTitle, 0o600)
	before := descriptors(t)
	for range 20 {
		for _, report := range []string{"complete", "incomplete", "broken"} {
			outputs := []Output{{JSON{}, "a"}, {text("B"), "b"}, {JSON{}, os.DevNull}}
			if report == "broken" {
				outputs = append(outputs, Output{broken{}, "c"})
			}
			r := complete
			if report == "incomplete" {
				r = lacking
			}
			if err := outputsAt(t, osFiles{}, outputs...).Write(nil, r); (err != nil) != (report == "broken") {
				t.Fatal(err)
			}
		}
	}
	if after := descriptors(t); after >= before+20 {
		t.Errorf("%d open files, then %d", before, after)
	}
}

// descriptors returns the number of open files of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("open files cannot be counted: %v", err)
	}
	return len(entries)
}

// TestIncompleteAfterAnOutputThatMarksItself: every output is looked at, not
// only the first.
func TestIncompleteAfterAnOutputThatMarksItself(t *testing.T) {
	inFolder(t)
	o := outputsAt(t, osFiles{}, Output{JSON{}, "a.json"}, Output{CSV{}, "b.csv"}, Output{NDJSON{}, "c"}, Output{CSV{}, "d.csv"})
	if err := o.Write(nil, lacking); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a.json.incomplete": "", "c.incomplete": "",
		"b.csv.incomplete": rendered(sidecar{}, lacking), "d.csv.incomplete": rendered(sidecar{}, lacking),
	} {
		checkFile(t, name, want)
	}
	for _, file := range []string{"", os.DevNull} {
		o := outputsAt(t, osFiles{}, Output{JSON{}, "x"}, Output{CSV{}, file})
		if err := o.Write(os.Stderr, lacking); err == nil {
			t.Errorf("csv to %q after json", file)
		}
		checkFile(t, "x", "")
	}
}
