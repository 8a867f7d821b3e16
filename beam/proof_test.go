package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"fastcount/engine"
	"fastcount/internal/merge"
	"fastcount/internal/plan"
)

// each yields tables as a runner does.
func each(tables [][]byte) func(*[]byte) bool {
	return func(table *[]byte) bool {
		if len(tables) == 0 {
			return false
		}
		*table, tables = tables[0], tables[1:]
		return true
	}
}

// jobOf returns a job that counts one file.
func jobOf(t *testing.T, shards int) job {
	t.Helper()
	dir, files := generated(t)
	j := job{Plan: planned(t, dir, files[0]), Shards: shards, Output: filepath.Join(dir, "counts.json"), Sink: "json"}
	if err := j.check(); err != nil {
		t.Fatal(err)
	}
	return j
}

// counted returns the table of each shard.
func counted(t *testing.T, j job) (tables [][]byte) {
	t.Helper()
	f := &countShard{Job: j}
	if err := f.Setup(); err != nil {
		t.Fatal(err)
	}
	defer f.Teardown()
	for shard := range j.Shards {
		group, table, err := f.ProcessElement(t.Context(), shard)
		if err != nil || group != j.group(shard) {
			t.Fatal(group, err)
		}
		tables = append(tables, table)
	}
	return tables
}

// A worker that has a token counts only plans of the server that its environment
// names, and the token goes there.
func TestTokenOfWorkers(t *testing.T) {
	s, other := serve(t), serve(t)
	j := job{Plan: planned(t, t.TempDir(), "demo", "--server", s.URL), Shards: 1, Output: filepath.Join(t.TempDir(), "x"), Sink: "json"}
	if err := j.check(); err != nil {
		t.Fatal(err)
	}
	s.breakWith(t)
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

// Whatever a runner may lose, or give twice, the result is right or there is none.
func TestProofs(t *testing.T) {
	j := jobOf(t, 4)
	tables := counted(t, j)
	finer := j
	finer.Shards = 5
	others := counted(t, finer)
	tests := map[string]struct {
		tables [][]byte
		good   bool // there is a result
		want   error
	}{
		"all":              {tables, true, nil},
		"in another order": {[][]byte{tables[2], tables[0], tables[3], tables[1]}, true, nil},
		"one twice":        {append([][]byte{tables[2]}, tables...), true, nil},
		"one missing":      {tables[1:], false, merge.ErrIncomplete},
		"none":             {nil, false, merge.ErrNone},
		"of other shards":  {append([][]byte{others[1]}, tables...), false, merge.ErrOverlap},
		"cut off":          {append([][]byte{tables[0][:len(tables[0])/2]}, tables[1:]...), false, io.ErrUnexpectedEOF},
		"not whole":        {append([][]byte{partOf(t, tables[0])}, tables[1:]...), false, engine.ErrDamaged},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := (&writeResult{j}).ProcessElement(0, each(test.tables))
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

// partOf returns a packed table of which the foot is missing.
func partOf(t *testing.T, table []byte) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "table")
	if err := unpack(file, table); err != nil {
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

// A sum of some shards covers what they do, so that groups can be added up like shards.
func TestGroupsAddUp(t *testing.T) {
	j := jobOf(t, 4)
	tables := counted(t, j)
	var sums [][]byte
	for _, group := range [][][]byte{tables[:1], tables[1:]} {
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
