package merge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/checkpoint"
	"fastcount/internal/merge"
	"fastcount/internal/partial"
	"fastcount/internal/plan"
	"fastcount/parser"
	"fastcount/sources"
)

// keyColumns are eight columns, of which the last two are times.
var keyColumns = []string{"site", "ward", "patient_id", "event_type", "unit", "device", "begin", "end"}

// keysOf returns the first k of the key columns in a random order, with times
// in buckets.
func keysOf(r *rand.Rand, k int) (by []engine.KeyColumn) {
	for _, i := range r.Perm(len(keyColumns))[:k] {
		key := engine.KeyColumn{Name: keyColumns[i], Column: parser.Selector{Name: keyColumns[i]}}
		if i >= 6 {
			key.Bucket = []string{"year", "month", "day", "hour"}[r.IntN(4)]
			key.Name += ":" + key.Bucket
		}
		by = append(by, key)
	}
	return by
}

// keyedFiles writes files with rows of all key columns and returns their parts.
func keyedFiles(t *testing.T, r *rand.Rand, dir string) (parts []engine.Part) {
	t.Helper()
	for i := range 3 {
		text := []byte(strings.Join(keyColumns, ",") + "\n")
		for range r.IntN(120) {
			for c := range 6 {
				text = fmt.Appendf(text, "\"%d\n%d\",", r.IntN(3), c)
			}
			text = fmt.Appendf(text, "2026-%02d-%02d %02d:00,2025%02d0%dT0500Z\n", 1+r.IntN(2), 1+r.IntN(3), r.IntN(3), 1+r.IntN(2), 1+r.IntN(3))
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.csv", i))
		writeFile(t, path, string(text))
		f, err := sources.NewFile(path, sources.LocalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, f)
	}
	return parts
}

// counts returns what a report holds, without how it was read.
func counts(r *engine.Report) *engine.Report {
	return &engine.Report{By: r.By, Keys: r.Keys, Groups: r.Groups, Counts: r.Counts, Totals: r.Totals, Rows: r.Rows, Bytes: r.Bytes}
}

// TestKeyColumns checks for each number of key columns that the sum of the
// shards of a plan, of partial sums of it, and of a run that continues from a
// checkpoint equal one run.
func TestKeyColumns(t *testing.T) {
	for k := 1; k <= engine.MaxKeys; k++ {
		r := rand.New(rand.NewPCG(uint64(k), 7))
		dir := t.TempDir()
		parts := keyedFiles(t, r, dir)
		cfg := engine.Config{By: keysOf(r, k)}
		want, err := engine.Run(t.Context(), parts, cfg)
		if err != nil {
			t.Fatal(err)
		}
		files := keyedShards(t, parts, cfg.By, 1+r.IntN(9), t.TempDir())
		if diff := cmp.Diff(counts(want), counts(reportOfFiles(t, files))); diff != "" {
			t.Errorf("%d keys, shards: %s", k, diff)
		}
		if len(files) > 2 {
			half, rest := filepath.Join(dir, "half"), filepath.Join(dir, "rest")
			for path, group := range map[string][]string{half: files[:len(files)/2], rest: files[len(files)/2:]} {
				s, err := merge.Open(group)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.ToPartial(atomicfile.OS{}, path, dir); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(counts(want), counts(reportOfFiles(t, []string{rest, half}))); diff != "" {
				t.Errorf("%d keys, partial sums: %s", k, diff)
			}
		}
		if diff := cmp.Diff(counts(want), counts(continued(t, parts, cfg))); diff != "" {
			t.Errorf("%d keys, checkpoint: %s", k, diff)
		}
	}
}

// keyedShards plans parts, counts all shards, and returns the files of their
// results.
func keyedShards(t *testing.T, parts []engine.Part, by []engine.KeyColumn, n int, dir string) (files []string) {
	t.Helper()
	var entries []plan.Entry
	for _, p := range parts {
		e, err := plan.NewFile(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	var text bytes.Buffer
	if err := plan.Write(&text, plan.Rules{By: plan.NewKeys(by)}, entries); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "plan")
	writeFile(t, path, text.String())
	p, err := plan.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		parts, err := p.Parts(t.Context(), p.Shard(i, n), sources.LocalOptions{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		cfg := engine.Config{Jobs: 2}
		p.Rules.Config(&cfg)
		r, err := engine.Run(t.Context(), parts, cfg)
		if err != nil {
			t.Fatal(err)
		}
		var shard bytes.Buffer
		if err := p.WriteShard(&shard, i, n, r); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, fmt.Sprint(i)+merge.Suffix))
		writeFile(t, files[i], shard.String())
	}
	return files
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func reportOfFiles(t *testing.T, files []string) *engine.Report {
	t.Helper()
	s, err := merge.Open(files)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Report(engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// broken is a part that cannot be opened.
type broken struct{ *sources.File }

func (broken) Open(context.Context) (io.ReadCloser, error) { return nil, os.ErrPermission }

// continued returns the report of a run that continues after parts failed.
func continued(t *testing.T, parts []engine.Part, cfg engine.Config) (r *engine.Report) {
	t.Helper()
	run := checkpoint.Run{}
	for _, p := range parts {
		run.Sources = append(run.Sources, sources.Identify(p))
	}
	for _, k := range cfg.By {
		run.By = append(run.By, k.Name)
	}
	dir := filepath.Join(t.TempDir(), "state")
	failing := slices.Clone(parts)
	failing[1] = broken{parts[1].(*sources.File)}
	for i, set := range [][]engine.Part{failing, parts, parts} {
		s, err := checkpoint.Open(dir, run, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		cfg.Load, cfg.Save = s.Load, s.Save
		if r, err = engine.Run(t.Context(), set, cfg); (err != nil) != (i == 0) {
			t.Fatalf("run %d: %v", i, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range r.Parts {
		if !p.Kept {
			t.Errorf("%s was read again", p.Name)
		}
	}
	return r
}

// Numbers of distinct values are those of one run, although adding up those of
// the shards gives other numbers, since a patient occurs in several shards.
func TestDistinctAfterMerging(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	parts := keyedFiles(t, r, t.TempDir())
	by := []engine.KeyColumn{{Name: "patient_id", Column: parser.Selector{Name: "patient_id"}}, {Name: "event_type", Column: parser.Selector{Name: "event_type"}}}
	whole, err := engine.Run(t.Context(), parts, engine.Config{By: by})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := whole.Distinct()
	_, patients := whole.Distinct()
	files := keyedShards(t, parts, by, 4, t.TempDir())
	first, last := reportOfFiles(t, files).Distinct()
	if !slices.Equal(first, want) || !slices.Equal(last, patients) {
		t.Errorf("got %v and %v, want %v and %v", first, last, want, patients)
	}
	added := make(map[string]int)
	for i, file := range files {
		shard := shardReport(t, file)
		_, n := shard.Distinct()
		for j, event := range shard.Keys[1] {
			added[event] += n[j]
		}
		if i == 0 && len(n) == 0 {
			t.Error("the first shard is empty")
		}
	}
	for j, event := range whole.Keys[1] {
		if added[event] <= patients[j] {
			t.Errorf("%q: the patients of the shards add up to %d, of %d", event, added[event], patients[j])
		}
	}
}

// Results by other key columns are refused, whatever their plan is.
func TestOtherKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 7))
	parts := keyedFiles(t, r, t.TempDir())
	one := keyedShards(t, parts, []engine.KeyColumn{{Name: "site", Column: parser.Selector{Name: "site"}}}, 2, t.TempDir())
	two := keyedShards(t, parts, nil, 2, t.TempDir())
	_, err := merge.Open([]string{one[0], two[1]})
	if want := fmt.Sprintf("%v: %s by site, and %s by patient_id,event_type", merge.ErrOtherKeys, one[0], two[1]); !errors.Is(err, merge.ErrOtherKeys) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// shardReport returns the report of one shard.
func shardReport(t *testing.T, path string) *engine.Report {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, r, err := partial.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
