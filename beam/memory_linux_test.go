package main

import (
	"bytes"
	"path/filepath"
	"syscall"
	"testing"

	"fastcount/internal/testing/shapes"
)

// maxMemory is the limit in KiB for a million pairs in one process that is
// driver, runner and workers.
const maxMemory = 500_000

func TestMemory(t *testing.T) {
	dir := t.TempDir()
	if err := shapes.WriteFile(filepath.Join(dir, "many-patients.csv"), "many-patients", 1_000_000); err != nil {
		t.Fatal(err)
	}
	plan, want, output := planned(t, dir, "many-patients.csv"), fastcount(t, dir, "many-patients.csv"), filepath.Join(dir, "counts.json")
	cmd := beamCommand(t, "--plan", plan, "--shards", "16", "--output", output)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Equal(read(t, output), want) {
		t.Error("the result differs")
	}
	if peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; peak > maxMemory {
		t.Errorf("the peak is %d KiB", peak)
	} else {
		t.Logf("the peak is %d KiB", peak)
	}
}
