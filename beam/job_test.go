package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "a.csv")
	write(t, data, []byte("patient_id,event_type\nP1,a\n"))
	plan, output := planned(t, dir, "a.csv"), filepath.Join(dir, "counts.json")
	builtin := planned(t, t.TempDir(), "demo")
	tests := map[string]struct {
		job  job
		want string
	}{
		"nothing":          {job{}, "--plan, --output and --shards"},
		"no shards":        {job{Plan: plan, Output: output}, "--shards (at least 1)"},
		"missing plan":     {job{Plan: dir + "/none", Output: output, Shards: 1}, "no such file"},
		"not a plan":       {job{Plan: data, Output: output, Shards: 1}, "corrupt plan"},
		"unknown format":   {job{Plan: plan, Output: output, Shards: 1, Sink: "jsn"}, "did you mean json"},
		"no directory":     {job{Plan: plan, Output: dir + "/no/x", Shards: 1}, "no such file"},
		"over the plan":    {job{Plan: plan, Output: plan, Shards: 1}, "is the same file as the input"},
		"over a file":      {job{Plan: plan, Output: data, Shards: 1}, "is the same file as the input"},
		"the built-in one": {job{Plan: builtin, Output: output, Shards: 1}, "built-in mock server"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.job.Sink == "" {
				test.job.Sink = "json"
			}
			if err := test.job.check(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// A worker does not count a plan other than that of the job.
func TestOtherPlan(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.csv"), []byte("patient_id,event_type\nP1,a\n"))
	j := job{Plan: planned(t, dir, "a.csv"), Shards: 1, PlanID: "another"}
	if _, err := j.read(); err == nil || !strings.Contains(err.Error(), "plan has changed") {
		t.Errorf("got %v", err)
	}
}

// Groups consist of neighbouring shards, and the number of groups is about the
// number of shards in each.
func TestGroup(t *testing.T) {
	for _, n := range []int{1, 2, 10, 64, 1000} {
		j, sizes := job{Shards: n}, []int{0}
		for shard := range n {
			g := j.group(shard)
			if g == len(sizes) {
				sizes = append(sizes, 0)
			}
			if g != len(sizes)-1 {
				t.Fatalf("of %d: shard %d is in group %d after %d", n, shard, g, len(sizes)-1)
			}
			sizes[g]++
		}
		if len(sizes) > sizes[0] {
			t.Errorf("%d shards are in %d groups of up to %d", n, len(sizes), sizes[0])
		}
	}
}

func TestReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a")
	none, err := stat(file)
	if none != nil || err != nil {
		t.Fatal(none, err)
	}
	write(t, file, nil)
	first, err := stat(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file+"2", nil)
	if err := os.Rename(file+"2", file); err != nil {
		t.Fatal(err)
	}
	second, err := stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if replaced(none, none) || !replaced(none, first) || replaced(first, first) || !replaced(first, second) {
		t.Error("the replacement of a file is not detected")
	}
	if _, err := stat(t.TempDir()); err == nil {
		t.Error("a directory was accepted as a file")
	}
}
