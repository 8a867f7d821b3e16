package sinks

import (
	"os"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/descriptors"
)

// TestFilesAreClosed: nothing stays open after runs that write, fail to write,
// and look for what an earlier run has left.
func TestFilesAreClosed(t *testing.T) {
	inFolder(t)
	writeFile(t, "b.incomplete", sidecarTitle, 0o600)
	descriptors.Check(t)
	for _, c := range []struct {
		report *engine.Report
		sink   Sink // of a further output, nil for none
	}{{complete, nil}, {lacking, nil}, {complete, broken{}}} {
		outputs := []Output{{JSON{}, "a"}, {text("B"), "b"}, {JSON{}, os.DevNull}}
		if c.sink != nil {
			outputs = append(outputs, Output{c.sink, "c"})
		}
		if err := outputsAt(t, osFiles{}, outputs...).Write(nil, c.report); (err != nil) != (c.sink != nil) {
			t.Error(err)
		}
	}
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
