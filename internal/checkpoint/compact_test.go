package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/faulty"
)

// manyTexts are n parts, whose patients and event types overlap.
func manyTexts(n int) []engine.Part {
	var parts []engine.Part
	for i := range n {
		data := "patient_id,event_type\n" + strings.Repeat(fmt.Sprintf("P%d,up\nP9,e%d\n", i%5, i%3), i%4+1)
		parts = append(parts, text{fmt.Sprintf("part %d", i), data})
	}
	return parts
}

// allClosed returns parts that must not be read.
func allClosed(parts []engine.Part) []engine.Part {
	var unread []engine.Part
	for _, p := range parts {
		unread = append(unread, closed{p.(text)})
	}
	return unread
}

// openBatched returns a store that writes results when there are batch of them,
// and merges files as soon as there are limit of them. Its run may grow.
func openBatched(t *testing.T, dir string, run Run, batch, limit int, warn func(error), f atomicfile.Files) (*Store, error) {
	t.Helper()
	run.Grow = true
	s, err := open(dir, run, warn, f)
	if err == nil {
		s.pending.maxParts, s.maxFiles = batch, limit
	}
	return s, err
}

// runLimited is runBatched where each result is written when it is saved.
func runLimited(t *testing.T, dir string, parts []engine.Part, limit int, warn func(error), f atomicfile.Files) (r *engine.Report, err error) {
	t.Helper()
	return runBatched(t, dir, parts, 1, limit, warn, f)
}

// runBatched counts parts with a store of openBatched. With one worker each
// result has a file of its own if batch is 1.
func runBatched(t *testing.T, dir string, parts []engine.Part, batch, limit int, warn func(error), f atomicfile.Files) (r *engine.Report, err error) {
	t.Helper()
	s, err := openBatched(t, dir, runOf(parts), batch, limit, warn, f)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return engine.Run(t.Context(), parts, engine.Config{Jobs: min(batch, 2), Load: s.Load, Save: s.Save})
}

// fails is a warning that fails the test.
func fails(t *testing.T) func(error) { return func(err error) { t.Helper(); t.Error(err) } }

// The results of many parts are merged, and loaded from few files.
func TestMerge(t *testing.T) {
	dir := privateDir(t)
	for n := 1; n <= 16; n += 3 {
		parts := manyTexts(n)
		if _, err := runLimited(t, dir, parts, 4, fails(t), atomicfile.OS{}); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*"+partSuffix))
		if err != nil || len(files) >= 4 || n >= 4 && !slices.ContainsFunc(files, isSum) {
			t.Errorf("%d parts: files %q, %v", n, files, err)
		}
		r, err := runLimited(t, dir, allClosed(parts), 4, fails(t), atomicfile.OS{})
		if err != nil || result(t, r) != counted(t, parts) {
			t.Errorf("%d parts: %v", n, err)
		}
	}
}

// Whichever operation fails during a merge, once or always, no part is counted
// twice or lost, and the next run leaves no file that is not needed.
func TestFaultsOfMerge(t *testing.T) {
	parts := manyTexts(4)
	want := counted(t, parts)
	faulty.Each(t, func(t *testing.T, f *faulty.Files) {
		dir := filepath.Join(t.TempDir(), "state")
		var w warnings
		r, err := runLimited(t, dir, parts, 2, w.add, f)
		if reported := err != nil || len(w.list) > 0; reported != (len(f.Log) > 0) {
			t.Errorf("failed operations: %q, error: %v, warnings: %q", f.Log, err, w.list)
		}
		if err == nil && result(t, r) != want {
			t.Error("a wrong answer")
		}
		r, err = runLimited(t, dir, parts, 2, fails(t), atomicfile.OS{})
		if err != nil || result(t, r) != want {
			t.Errorf("the next run: %v", err)
		}
		for name, n := range heldBy(t, dir) {
			if n != 1 {
				t.Errorf("%s is in %d files", name, n)
			}
		}
	})
}

// Files that a merge did not remove because of a crash are not counted again.
func TestCrashAfterMerge(t *testing.T) {
	dir, parts := privateDir(t), manyTexts(9)
	for n := 1; n <= len(parts); n++ {
		before := t.TempDir()
		copyFiles(t, before, dir)
		if _, err := runLimited(t, dir, parts[:n], 3, fails(t), atomicfile.OS{}); err != nil {
			t.Fatal(err)
		}
		copyFiles(t, dir, before)
		r, err := runLimited(t, dir, allClosed(parts[:n]), 3, fails(t), atomicfile.OS{})
		if err != nil || result(t, r) != counted(t, parts[:n]) {
			t.Errorf("%d parts: %v", n, err)
		}
		if files, err := filepath.Glob(filepath.Join(dir, "*"+partSuffix)); err != nil || len(files) != 1+(n+1)%2 {
			t.Errorf("%d parts: files %q, %v", n, files, err)
		}
	}
}

// copyFiles copies the partial results of a directory to another one.
func copyFiles(t *testing.T, to, from string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(from, "*"+partSuffix))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		writeFile(t, filepath.Join(to, filepath.Base(f)), readFile(t, f))
	}
}

// A sum that is corrupt or of other parts causes a warning, and its parts are
// counted again.
func TestDamagedSum(t *testing.T) {
	parts := manyTexts(4)
	want := counted(t, parts)
	other := privateDir(t)
	if _, err := runLimited(t, other, parts[1:], 3, fails(t), atomicfile.OS{}); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(data []byte) []byte{
		"empty":   func([]byte) []byte { return nil },
		"cut":     func(data []byte) []byte { return data[:len(data)/2] },
		"flipped": func(data []byte) []byte { data[len(data)/2] ^= 1; return data },
		"other parts": func([]byte) []byte {
			files, _ := filepath.Glob(filepath.Join(other, sumPrefix+"*"))
			return readFile(t, files[0])
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := privateDir(t)
			if _, err := runLimited(t, dir, parts, 4, fails(t), atomicfile.OS{}); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, sumPrefix+"*"))
			if err != nil || len(files) != 1 {
				t.Fatalf("%q, %v", files, err)
			}
			writeFile(t, files[0], damage(readFile(t, files[0])))
			var w warnings
			r, err := runLimited(t, dir, parts, 100, w.add, atomicfile.OS{})
			if err != nil || result(t, r) != want {
				t.Errorf("the answer: %v", err)
			}
			if len(w.list) != 1 || !strings.HasPrefix(w.list[0], files[0]+": ") || !strings.HasSuffix(w.list[0], "; its parts are counted again") {
				t.Errorf("got the warnings %q", w.list)
			}
			if _, err := os.Stat(files[0]); (err == nil) != (name == "other parts") {
				t.Errorf("the corrupt file: %v", err)
			}
		})
	}
}

// A part with an id that a later run may refuse is not merged, so that only
// this part is counted again.
func TestInvalidIDsAreNotMerged(t *testing.T) {
	parts := append(manyTexts(4), text{"latin", "patient_id,event_type\nP\xfe,up\n"})
	dir := privateDir(t)
	s, err := openBatched(t, dir, runOf(parts), 1, 2, fails(t), atomicfile.OS{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cfg := engine.Config{Load: s.Load, Save: s.Save, EscapeIDs: true}
	if _, err := engine.Run(t.Context(), parts, cfg); err != nil {
		t.Fatal(err)
	}
	cfg.EscapeIDs = false
	_, err = engine.Run(t.Context(), append(allClosed(parts[:4]), parts[4]), cfg)
	if failed := engine.Failures(err); len(failed) != 1 || failed[0].Part != "latin" {
		t.Errorf("got %v", err)
	}
}

// No sum has more parts than fit into one line of its file.
func TestSumsAreBounded(t *testing.T) {
	of := func(sizes ...int) (files []keptFile) {
		for _, n := range sizes {
			files = append(files, keptFile{ids: make([]string, n)})
		}
		return files
	}
	for _, c := range []struct{ files, some, full []keptFile }{
		{of(1, 1), of(1, 1), nil},
		{of(maxSum, 1, 2), of(1, 2), of(maxSum)},
		{of(maxSum-3, 1, 2), of(1, 2, maxSum-3), nil},
		{of(maxSum-2, 1, 2), of(1, 2), of(maxSum - 2)},
		{of(maxSum, maxSum-1), of(maxSum - 1), of(maxSum)},
	} {
		some, full := divide(c.files)
		if !reflect.DeepEqual(some, c.some) || !reflect.DeepEqual(full, c.full) {
			t.Errorf("got %d and %d files, want %d and %d", len(some), len(full), len(c.some), len(c.full))
		}
	}
}

// A directory of an earlier version is read, and can grow.
func TestVersion1(t *testing.T) {
	for _, grow := range []bool{false, true} {
		dir := privateDir(t)
		for _, name := range []string{runName, "30087e36ad604ac5c9a3985c6da3c641.partial", "49ac37967e1ffce5047a8bf4ae7da81c.partial"} {
			writeFile(t, filepath.Join(dir, name), readFile(t, filepath.Join("testdata", "version1", name)))
		}
		parts := texts()
		unread := []engine.Part{closed{parts[0].(text)}, parts[1], closed{parts[2].(text)}}
		if grow {
			parts, unread = append(parts, manyTexts(5)[4]), append(unread, manyTexts(5)[4])
			if _, err := Open(dir, runOf(parts), nil); !errors.Is(err, ErrDirectory) {
				t.Errorf("more sources: got %v", err)
			}
		}
		for range 3 {
			r, err := runLimited(t, dir, unread, 2, fails(t), atomicfile.OS{})
			if err != nil || result(t, r) != counted(t, parts) {
				t.Errorf("grow %v: %v", grow, err)
			}
			unread = allClosed(parts)
		}
	}
}
