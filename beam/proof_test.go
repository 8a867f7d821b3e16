package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"fastcount/internal/merge"
	"fastcount/internal/partial"
	"fastcount/internal/plan"
)

// each returns an iterator over partials as runners pass it.
func each(partials [][]byte) func(*[]byte) bool {
	return func(partial *[]byte) bool {
		if len(partials) == 0 {
			return false
		}
		*partial, partials = partials[0], partials[1:]
		return true
	}
}

// jobOf returns a job for one file.
func jobOf(t *testing.T, shards int) job {
	t.Helper()
	dir, files := generated(t)
	j := job{Plan: planned(t, dir, files[0]), Shards: shards, Output: filepath.Join(dir, "counts.json"), Sink: "json"}
	if err := j.check(); err != nil {
		t.Fatal(err)
	}
	return j
}

// counted returns the partial result of each shard.
func counted(t *testing.T, j job) (partials [][]byte) {
	t.Helper()
	f := &countShard{Job: j}
	if err := f.Setup(); err != nil {
		t.Fatal(err)
	}
	defer f.Teardown()
	for shard := range j.Shards {
		group, partial, err := f.ProcessElement(t.Context(), shard)
		if err != nil || group != j.group(shard) {
			t.Fatal(group, err)
		}
		partials = append(partials, partial)
	}
	return partials
}

// A worker that has a token counts only plans of the server that its
// environment names, and sends the token to that server.
func TestTokenOfWorkers(t *testing.T) {
	s, other := serve(t), serve(t)
	j := job{Plan: planned(t, t.TempDir(), "demo", "--server", s.URL), Shards: 1, Output: filepath.Join(t.TempDir(), "x"), Sink: "json"}
	if err := j.check(); err != nil {
		t.Fatal(err)
	}
	s.setFaults(t)
	for _, c := range []struct {
		token, server string
		want          error
		sent          string
	}{
		{"", "", nil, ""},
		{"canary", "", plan.ErrSecrets, ""},
		{"canary", other.URL, plan.ErrOtherServer, ""},
		{"canary", s.URL, nil, "Bearer canary"},
	} {
		t.Setenv("FASTCOUNT_TOKEN", c.token)
		t.Setenv("FASTCOUNT_SERVER", c.server)
		f := &countShard{Job: j}
		err := f.Setup()
		if err == nil {
			_, _, err = f.ProcessElement(t.Context(), 0)
			f.Teardown()
		}
		if !errors.Is(err, c.want) || *s.token.Load() != c.sent {
			t.Errorf("%+v: got %v, sent %q", c, err, *s.token.Load())
		}
	}
}

// If a runner loses or repeats elements, the result is correct or there is an
// error.
func TestProofs(t *testing.T) {
	j := jobOf(t, 4)
	partials := counted(t, j)
	finer := j
	finer.Shards = 5
	others := counted(t, finer)
	tests := map[string]struct {
		partials [][]byte
		good     bool // the result is written
		want     error
	}{
		"all":              {partials, true, nil},
		"in another order": {[][]byte{partials[2], partials[0], partials[3], partials[1]}, true, nil},
		"one twice":        {append([][]byte{partials[2]}, partials...), true, nil},
		"one missing":      {partials[1:], false, merge.ErrIncomplete},
		"none":             {nil, false, merge.ErrNotFound},
		"of other shards":  {append([][]byte{others[1]}, partials...), false, merge.ErrOverlap},
		"cut off":          {append([][]byte{partials[0][:len(partials[0])/2]}, partials[1:]...), false, io.ErrUnexpectedEOF},
		"truncated":        {append([][]byte{partOf(t, partials[0])}, partials[1:]...), false, partial.ErrCorrupt},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := (&writeResult{j}).ProcessElement(0, each(test.partials))
			_, there := os.Stat(j.Output)
			if !errors.Is(err, test.want) || test.good != (there == nil) {
				t.Errorf("got %v, want %v; the output: %v", err, test.want, there)
			}
			if err := os.RemoveAll(j.Output); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// partOf returns a packed partial result without its trailer.
func partOf(t *testing.T, partial []byte) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "partial")
	if err := unpack(file, partial); err != nil {
		t.Fatal(err)
	}
	text := read(t, file)
	write(t, file, text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1])
	part, err := packFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// The sum of some shards covers all of them, so that groups can be merged like
// shards.
func TestGroupsAddUp(t *testing.T) {
	j := jobOf(t, 4)
	partials := counted(t, j)
	var sums [][]byte
	for _, group := range [][][]byte{partials[:1], partials[1:]} {
		_, sum, err := (&addGroup{}).ProcessElement(0, each(group))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, sum)
	}
	last := &writeResult{j}
	if err := last.ProcessElement(0, each(sums)); err != nil {
		t.Fatal(err)
	}
	if err := last.ProcessElement(0, each(sums[1:])); !errors.Is(err, merge.ErrIncomplete) {
		t.Errorf("got %v", err)
	}
}
