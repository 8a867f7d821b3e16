package outfile

import (
	"os"
	"testing"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/descriptors"
	"fastcount/sinks"
)

// TestFilesAreClosed checks that no file stays open after a Write that
// succeeds, that writes an incomplete report, or that fails.
func TestFilesAreClosed(t *testing.T) {
	inDir(t)
	writeFile(t, "b.incomplete", "old", 0o600)
	descriptors.Check(t)
	for _, c := range []struct {
		report *engine.Report
		sink   sinks.Sink // of another output; nil for a single output
	}{{complete, nil}, {incomplete, nil}, {complete, broken{}}} {
		outputs := []Output{{Sink: marked("A"), File: "a"}, {Sink: text("B"), File: "b"}, {Sink: marked("C"), File: os.DevNull}}
		if c.sink != nil {
			outputs = append(outputs, Output{Sink: c.sink, File: "c"})
		}
		if _, err := outputsAt(t, atomicfile.OS{}, outputs...).Write(nil, c.report); (err != nil) != (c.sink != nil) {
			t.Error(err)
		}
	}
}
