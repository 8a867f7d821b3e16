//go:build unix

package progress

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fastcount/engine"
	"fastcount/sources"
)

// TestFIFOWatch checks that a FIFO is reported once, some time after the run
// began to wait for it, and not if it has returned data.
func TestFIFOWatch(t *testing.T) {
	dir := t.TempDir()
	path, regular := filepath.Join(dir, "fifo"), filepath.Join(dir, "a.csv")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(regular, []byte("patient_id,event_type\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var parts []engine.Part
	for _, name := range []string{regular, path, path} {
		f, err := sources.NewFile(name, sources.LocalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, f)
	}
	if watchFIFOs(parts[:1]) != nil {
		t.Error("a regular file is watched")
	}
	w, begin := watchFIFOs(parts), time.Now()
	look := func(after time.Duration, first, second engine.PartProgress) string {
		first.Name, second.Name = "first", "second"
		return strings.Join(w.silent(slices.All([]engine.PartProgress{{Name: "regular", Phase: engine.Running}, first, second}), begin.Add(after)), " ")
	}
	waiting, running := engine.PartProgress{}, engine.PartProgress{Attempt: 1, Phase: engine.Running}
	for i, step := range []struct {
		after         time.Duration
		first, second engine.PartProgress
		want          string
	}{
		{0, waiting, running, ""},
		{time.Hour, waiting, engine.PartProgress{Attempt: 1, Phase: engine.Running, RawBytes: 1}, ""},
		{2 * time.Hour, running, running, ""},
		{2*time.Hour + fifoPatience - 1, running, running, ""},
		{2*time.Hour + fifoPatience, running, running, "first"},
		{3 * time.Hour, running, running, ""},
	} {
		if got := look(step.after, step.first, step.second); got != step.want {
			t.Errorf("step %d: got %q, want %q", i, got, step.want)
		}
	}
}
