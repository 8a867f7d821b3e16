package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/faulty"
	"fastcount/parser"
)

// openSlow returns a store that writes results when there are maxParts, or when
// it must.
func openSlow(t *testing.T, dir string, run Run, maxParts int, f atomicfile.Files) (*Store, error) {
	t.Helper()
	s, err := open(dir, run, fails(t), f)
	if err == nil {
		s.pending.maxParts, s.pending.pause, s.pending.begun = maxParts, time.Hour, time.Now()
	}
	return s, err
}

// partials returns the partial results in a directory.
func partials(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"+partSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Parts that finish before results are written are in one file, whatever the
// key columns are.
func TestWrittenTogether(t *testing.T) {
	column := func(names ...string) (by []engine.KeyColumn) {
		for _, name := range names {
			by = append(by, engine.KeyColumn{Name: name, Column: parser.Selector{Name: name}})
		}
		return by
	}
	for _, by := range [][]engine.KeyColumn{nil, column("a"), column("a", "b"), column("c", "b", "a")} {
		var parts []engine.Part
		for i := range 5 {
			parts = append(parts, text{fmt.Sprint("part ", i), fmt.Sprintf("patient_id,event_type,a,b,c\nP%d,up,%d,x,\"\n\"\nP,e%d,1,%d,z\n", i%2, i%3, i, i)})
		}
		dir, run, cfg := privateDir(t), runOf(parts), engine.Config{By: by}
		for _, k := range by {
			run.By = append(run.By, k.Name)
		}
		want, err := engine.Run(t.Context(), parts, cfg)
		if err != nil {
			t.Fatal(err)
		}
		s, err := openSlow(t, dir, run, 100, atomicfile.OS{})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Load, cfg.Save = s.Load, s.Save
		if _, err := engine.Run(t.Context(), parts, cfg); err != nil || len(partials(t, dir)) > 0 {
			t.Fatalf("before Flush: %q, %v", partials(t, dir), err)
		}
		if err := s.Flush(); err != nil || len(partials(t, dir)) != 1 {
			t.Fatalf("after Flush: %q, %v", partials(t, dir), err)
		}
		r, err := engine.Run(t.Context(), allClosed(parts), cfg)
		if err != nil || resultBy(t, r) != resultBy(t, want) {
			t.Errorf("by %v: %v", by, err)
		}
		if err := s.Close(); err != nil || len(partials(t, dir)) != 1 {
			t.Errorf("after Close: %q, %v", partials(t, dir), err)
		}
	}
}

// resultBy returns the counts of a report, without how they were read.
func resultBy(t *testing.T, r *engine.Report) string {
	t.Helper()
	return fmt.Sprintf("%q %v %v %v %d %d", r.Keys, r.Groups, r.Counts, r.Totals, r.Rows, r.Bytes)
}

// A result is written at once if none was written during the pause before, and
// otherwise when the pause has ended, without another call.
func TestPause(t *testing.T) {
	parts := manyTexts(4)
	dir, run := privateDir(t), runOf(parts)
	report := func(i int) *engine.Report {
		r, err := engine.Run(t.Context(), parts[i:i+1], engine.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	reports := []*engine.Report{report(0), report(1), report(2), report(3)}
	synctest.Test(t, func(t *testing.T) {
		s, err := open(dir, run, fails(t), atomicfile.OS{})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			after time.Duration // since the last step
			save  []int
			files int
		}{
			{0, []int{0}, 1},
			{pause / 4, []int{1}, 1},
			{pause / 4, []int{2}, 1},
			{pause/2 - 1, nil, 1},
			{1, nil, 2},
			{time.Hour, []int{3}, 3},
		} {
			time.Sleep(step.after)
			for _, i := range step.save {
				if err := s.Save(i, reports[i]); err != nil {
					t.Error(err)
				}
			}
			synctest.Wait()
			if files := partials(t, dir); len(files) != step.files {
				t.Errorf("%+v: got %q", step, files)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Results that need much memory are written at once, also if they exceed the
// default limits of a run together.
func TestManyGroups(t *testing.T) {
	var parts []engine.Part
	for i := range 4 {
		var data strings.Builder
		data.WriteString("patient_id,event_type\n")
		for n := range 4000 {
			fmt.Fprintf(&data, "P%d,%d %d %0500d\n", i, i, n, 0)
		}
		parts = append(parts, text{fmt.Sprint("part ", i), data.String()})
	}
	cfg := engine.Config{Limits: engine.Limits{Events: 1 << 20}}
	want, err := engine.Run(t.Context(), parts, cfg)
	if err != nil {
		t.Fatal(err)
	}
	dir := privateDir(t)
	s, err := openSlow(t, dir, runOf(parts), 100, atomicfile.OS{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cfg.Load, cfg.Save = s.Load, s.Save
	if _, err := engine.Run(t.Context(), parts, cfg); err != nil || len(partials(t, dir)) != 2 {
		t.Errorf("got %q, %v", partials(t, dir), err)
	}
	if r, err := engine.Run(t.Context(), allClosed(parts), cfg); err != nil || resultBy(t, r) != resultBy(t, want) {
		t.Errorf("got %v", err)
	}
}

// Whichever operation fails while parts are written together, once or always,
// the run reports it, and the next run returns the correct result.
func TestFaultsOfBatches(t *testing.T) {
	parts := append(manyTexts(5), text{"latin", "patient_id,event_type\nP\xfe,up\n"})
	cfg := engine.Config{EscapeIDs: true, RawIDs: true}
	want, err := engine.Run(t.Context(), parts, cfg)
	if err != nil {
		t.Fatal(err)
	}
	count := func(t *testing.T, dir string, f atomicfile.Files) (r *engine.Report, err error) {
		s, err := openSlow(t, dir, runOf(parts), 3, f)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		cfg.Load, cfg.Save = s.Load, s.Save
		return engine.Run(t.Context(), parts, cfg)
	}
	faulty.Each(t, func(t *testing.T, f *faulty.Files) {
		dir := filepath.Join(t.TempDir(), "state")
		r, err := count(t, dir, f)
		if (err != nil) != (len(f.Log) > 0) || err != nil && !errors.Is(err, faulty.ErrInjected) {
			t.Errorf("failed operations: %q, error: %v", f.Log, err)
		}
		for range 2 {
			if err == nil && resultBy(t, r) != resultBy(t, want) {
				t.Error("a wrong answer")
			}
			if r, err = count(t, dir, atomicfile.OS{}); err != nil {
				t.Errorf("the next run: %v", err)
			}
		}
		if temps, err := filepath.Glob(filepath.Join(dir, atomicfile.TempPattern)); err != nil || len(temps) > 0 {
			t.Errorf("left over: %q, %v", temps, err)
		}
	})
}

// The failure of a write is reported once: by the Save that wrote, by the next
// one, by Flush, or by Close. Later results are saved.
func TestFailureIsReportedOnce(t *testing.T) {
	parts := manyTexts(6)
	fail := false
	f := &faulty.Files{Files: atomicfile.OS{}, Fails: func(int) bool { return fail }}
	s, err := openSlow(t, privateDir(t), runOf(parts), 2, f)
	if err != nil {
		t.Fatal(err)
	}
	save := func(i int) error {
		r, err := engine.Run(t.Context(), parts[i:i+1], engine.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return s.Save(i, r)
	}
	check := func(what string, err error, failed bool) {
		t.Helper()
		if errors.Is(err, faulty.ErrInjected) != failed || failed != strings.Contains(fmt.Sprint(err), "cannot save the counts of finished parts: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	fail = true
	check("first", save(0), false)
	check("full", save(1), true)
	check("first of the next", save(2), false)
	s.writePending() // as the timer does
	check("after a failure", save(3), true)
	fail = false
	check("later", save(4), false)
	check("Flush", s.Flush(), false)
	fail = true
	check("last", save(5), false)
	check("Flush", s.Flush(), true)
	check("Flush again", s.Flush(), false)
	fail = false
	var held []int
	for parts := range s.Load {
		held = append(held, parts...)
	}
	if !slices.Equal(held, []int{4}) {
		t.Errorf("saved %v", held)
	}
	fail = true
	check("last", save(5), false)
	err = s.Close()
	check("Close", err, true)
	if err := s.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		t.Errorf("Close again: %v", err)
	}
}
