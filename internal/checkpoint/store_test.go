package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
	"fastcount/internal/testing/descriptors"
	"fastcount/internal/testing/faulty"
	"fastcount/sources"
)

// closed is a part that must not be read.
type closed struct{ text }

func (c closed) Open(context.Context) (io.ReadCloser, error) {
	return nil, errors.New("it was read again")
}

func TestFinishedPartsAreNotReadAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	parts := texts()
	want := counted(t, parts)
	run := runOf(parts)

	cut := slices.Clone(parts)
	cut[1] = closed{parts[1].(text)}
	s := mustOpen(t, dir, run, nil)
	if _, err := engine.Run(t.Context(), cut, engine.Config{Load: s.Load, Save: s.Save}); err == nil {
		t.Fatal("the part that cannot be read was")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	rest := []engine.Part{closed{parts[0].(text)}, parts[1], closed{parts[2].(text)}}
	for range 2 { // the second time everything is there
		s = mustOpen(t, dir, run, nil)
		r, err := engine.Run(t.Context(), rest, engine.Config{Load: s.Load, Save: s.Save})
		if err != nil {
			t.Fatal(err)
		}
		if got := result(t, r); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		rest[1] = closed{parts[1].(text)}
	}
	checkModes(t, dir)
}

// Ids of any bytes and names of files that are not UTF-8 are kept.
func TestKeepsAnyBytes(t *testing.T) {
	parts := []engine.Part{text{"a\xff.csv", "patient_id,event_type\nP\xfe,up\n"}}
	dir := filepath.Join(t.TempDir(), "state")
	var first string
	for range 2 {
		warned := new(warnings)
		s := mustOpen(t, dir, runOf(parts), warned)
		r, err := engine.Run(t.Context(), parts, engine.Config{Load: s.Load, Save: s.Save, EscapeIDs: true})
		if err != nil || len(warned.list) > 0 {
			t.Fatalf("got %v, warnings %q", err, warned.list)
		}
		if got := result(t, r); first == "" {
			first = got
		} else if got != first || !r.Parts[0].Kept || r.Parts[0].Name != parts[0].Name() {
			t.Errorf("got %+v\n%s\nwant\n%s", r.Parts, got, first)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkModes asserts that only the owner can read the files, and that no name
// of a file contains that of a part.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 5 {
		t.Fatalf("%v, %v", entries, err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the dir has mode %v", info.Mode())
	}
	for _, e := range entries {
		name, partial := strings.CutSuffix(e.Name(), partSuffix)
		if e.Name() != runName && e.Name() != lockName && (!partial || strings.Trim(name, "0123456789abcdef") != "") {
			t.Errorf("there is a file %s", e.Name())
		}
		if info, err := e.Info(); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

// Whichever operation fails, once or always, the run reports it, and the next
// run returns the correct result.
func TestFaults(t *testing.T) {
	parts := texts()
	want, run := counted(t, parts), runOf(parts)
	faulty.Each(t, func(t *testing.T, f *faulty.Files) {
		dir := filepath.Join(t.TempDir(), "state")
		r, err := runWith(t, dir, run, parts, f)
		if (err != nil) != (len(f.Log) > 0) || err != nil && !errors.Is(err, faulty.ErrInjected) {
			t.Errorf("failed operations: %q, error: %v", f.Log, err)
		}
		if err == nil && result(t, r) != want {
			t.Error("a wrong answer")
		}
		temps, err := filepath.Glob(filepath.Join(dir, atomicfile.TempPattern))
		if err != nil || len(temps) > 0 && !f.Failed("remove") {
			t.Errorf("left over: %q, %v (failed: %q)", temps, err, f.Log)
		}

		r, err = runWith(t, dir, run, parts, atomicfile.OS{})
		if err != nil || result(t, r) != want {
			t.Errorf("the next run: %v", err)
		}
		if temps, err := filepath.Glob(filepath.Join(dir, atomicfile.TempPattern)); err != nil || len(temps) > 0 {
			t.Errorf("still left over: %q, %v", temps, err)
		}
	})
}

// runWith counts parts with the state in a dir. A warning is an error of the
// test.
func runWith(t *testing.T, dir string, run Run, parts []engine.Part, f atomicfile.Files) (r *engine.Report, err error) {
	t.Helper()
	s, err := open(dir, run, func(err error) { t.Error(err) }, f)
	if err != nil {
		return nil, err
	}
	s.pending.maxParts = 1
	defer func() { err = errors.Join(err, s.Close()) }()
	return engine.Run(t.Context(), parts, engine.Config{Load: s.Load, Save: s.Save})
}

// A file that is not what was saved causes a warning, and its part is counted
// again. The result is correct.
func TestDamage(t *testing.T) {
	parts := texts()
	want, run := counted(t, parts), runOf(parts)
	other := runOf(parts)
	other.Rules = map[string]string{"--delimiter": ";"}
	for name, damage := range map[string]func(t *testing.T, path string, data []byte) []byte{
		"empty":           func(*testing.T, string, []byte) []byte { return nil },
		"cut":             func(_ *testing.T, _ string, data []byte) []byte { return data[:len(data)/2] },
		"without its end": func(_ *testing.T, _ string, data []byte) []byte { return data[:len(data)-1] },
		"flipped": func(_ *testing.T, _ string, data []byte) []byte {
			data[len(data)/2] ^= 1
			return data
		},
		"of another version": func(_ *testing.T, _ string, data []byte) []byte {
			return []byte(strings.Replace(string(data), `"version":3`, `"version":4`, 1))
		},
		"of another part": func(t *testing.T, path string, _ []byte) []byte {
			return readFile(t, otherPartial(t, path))
		},
		"of another run": func(t *testing.T, path string, _ []byte) []byte {
			dir := filepath.Join(t.TempDir(), "other")
			if _, err := runWith(t, dir, other, parts, atomicfile.OS{}); err != nil {
				t.Fatal(err)
			}
			return readFile(t, filepath.Join(dir, filepath.Base(path)))
		},
		"of no part":   func(t *testing.T, _ string, data []byte) []byte { return rewritten(t, data, 0) },
		"of two parts": func(t *testing.T, _ string, data []byte) []byte { return rewritten(t, data, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := privateDir(t)
			if _, err := runWith(t, dir, run, parts, atomicfile.OS{}); err != nil {
				t.Fatal(err)
			}
			descriptors.Check(t)
			var w warnings
			s := mustOpen(t, dir, run, &w)
			path := s.pathOf(1)
			if err := os.WriteFile(path, damage(t, path, readFile(t, path)), 0o600); err != nil {
				t.Fatal(err)
			}
			again := []engine.Part{closed{parts[0].(text)}, parts[1], closed{parts[2].(text)}}
			r, err := engine.Run(t.Context(), again, engine.Config{Load: s.Load, Save: s.Save})
			if err != nil || result(t, r) != want {
				t.Errorf("the answer: %v", err)
			}
			if len(w.list) != 1 || !strings.HasPrefix(w.list[0], path+": ") {
				t.Errorf("got the warnings %q", w.list)
			}
			if r := loaded(s, 1); r == nil || len(w.list) > 1 {
				t.Errorf("not repaired: %v, %q", r, w.list)
			}
		})
	}
}

// rewritten returns the result of a part as that of a number of parts without
// rows.
func rewritten(t *testing.T, data []byte, parts int) []byte {
	t.Helper()
	head, _, err := partial.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r := new(engine.Report)
	for i := range parts {
		r.Parts = append(r.Parts, engine.PartReport{Name: fmt.Sprint(i), Attempts: 1})
	}
	var b bytes.Buffer
	if err := partial.Write(&b, head, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// otherPartial returns the file of another part in the dir of one.
func otherPartial(t *testing.T, path string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"+partSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return all[(slices.Index(all, path)+1)%len(all)]
}

func TestLocked(t *testing.T) {
	dir := privateDir(t)
	run := runOf(texts())
	s := mustOpen(t, dir, run, nil)
	if _, err := Open(dir, run, nil); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir, run, nil)
}

func TestAnotherRun(t *testing.T) {
	first := Run{
		Rules:   map[string]string{"--delimiter": `","`, "--server": "http://a:80"},
		Sources: []sources.Identity{{ID: "demo/1", Version: "5 rows"}, {ID: "demo/2", Version: "7 rows"}},
	}
	for _, test := range []struct {
		name   string
		change func(r *Run)
		want   []string
	}{
		{"a rule", func(r *Run) { r.Rules["--delimiter"] = `";"` }, []string{`--delimiter: was ",", is ";"`}},
		{"a rule less", func(r *Run) { delete(r.Rules, "--server") }, []string{"--server: was http://a:80, is absent"}},
		{"a version", func(r *Run) { r.Sources[1].Version = "8 rows" }, []string{"demo/2: was 7 rows, is 8 rows"}},
		{"what is not shown", func(r *Run) { r.Sources[1].Digest = "d" }, []string{"demo/2: unchanged (7 rows), but its content differs"}},
		{"a part less", func(r *Run) { r.Sources = r.Sources[1:] }, []string{"demo/1: was 5 rows, is absent"}},
		{"a part more", func(r *Run) { r.Sources = append(r.Sources, sources.Identity{ID: "demo/3", Version: "1 rows"}) },
			[]string{"demo/3: was absent, is 1 rows"}},
		{"several", func(r *Run) { r.Rules["--server"], r.Sources[0].Version = "http://b:80", "6 rows" },
			[]string{"--server: was http://a:80, is http://b:80", "demo/1: was 5 rows, is 6 rows"}},
		{"the order", func(r *Run) { slices.Reverse(r.Sources) }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := privateDir(t)
			if err := mustOpen(t, dir, first, nil).Close(); err != nil {
				t.Fatal(err)
			}
			before := readFile(t, filepath.Join(dir, runName))
			second := Run{Rules: map[string]string{"--delimiter": `","`, "--server": "http://a:80"}, Sources: slices.Clone(first.Sources)}
			test.change(&second)
			s, err := Open(dir, second, nil)
			if test.want == nil {
				if err != nil || s.Close() != nil {
					t.Fatal(err)
				}
				return
			}
			var different *DifferentError
			if !errors.As(err, &different) || !errors.Is(err, ErrDirectory) || !slices.Equal(different.Differences, test.want) {
				t.Errorf("got %v", err)
			}
			if after := readFile(t, filepath.Join(dir, runName)); string(after) != string(before) {
				t.Error("the run that the dir is of was changed")
			}
			mustOpen(t, dir, first, nil) // and the lock is free
		})
	}
}

func TestManyDifferences(t *testing.T) {
	e := DifferentError{Dir: "dir", Differences: make([]string, 7)}
	if text := e.Error(); strings.Count(text, "\n") != 6 || !strings.HasSuffix(text, "\nand 2 more differences") {
		t.Errorf("got %q", text)
	}
	e.Differences = e.Differences[:5]
	if text := e.Error(); strings.Count(text, "\n") != 5 {
		t.Errorf("got %q", text)
	}
}

func TestUnfitDirectories(t *testing.T) {
	run := runOf(texts())
	for _, test := range []struct {
		name, file, data, want string
	}{
		{"other files", "a.csv", "x", "contains other files, such as a.csv"},
		{"truncated", runName, `{"fastcount":"che`, "run.jsonl: corrupt checkpoint: missing header"},
		{"other JSON", runName, `{}`, "run.jsonl: corrupt checkpoint: missing header"},
		{"another version", runName, `{"fastcount":"checkpoint","version":3}`, "run.jsonl: unsupported version of a checkpoint: got version 3, want 1 to 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := privateDir(t)
			path := filepath.Join(dir, test.file)
			if err := os.WriteFile(path, []byte(test.data), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir, run, nil)
			if !errors.Is(err, ErrDirectory) || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got %v", err)
			}
			if string(readFile(t, path)) != test.data {
				t.Error("it was changed")
			}
			if _, err := Open(path, run, nil); !errors.Is(err, ErrDirectory) {
				t.Errorf("a file as the dir: %v", err)
			}
		})
	}
	dir := filepath.Join(t.TempDir(), "[x]")
	if err := os.MkdirAll(filepath.Join(dir, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	temp := filepath.Join(dir, ".fastcount-1.tmp")
	if err := os.WriteFile(temp, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir, run, nil)
	if _, err := os.Stat(temp); err == nil {
		t.Error("a temporary file is still there")
	}
	if _, err := Open(privateDir(t), Run{Sources: make([]sources.Identity, 1)}, nil); err == nil {
		t.Error("a part without identity was taken")
	}
}

// A new directory survives a power failure. If it cannot be created or read,
// the error has the cause.
func TestDirectoryIsMade(t *testing.T) {
	f := &faulty.Files{Files: atomicfile.OS{}}
	dir := filepath.Join(t.TempDir(), "a", "state")
	for _, want := range []string{"sync directory", "create"} { // the second time it is there
		f.Ops = nil
		s, err := open(dir, runOf(texts()), nil, f)
		if err != nil || s.Close() != nil || f.Ops[0] != want {
			t.Fatalf("the operations are %q, %v", f.Ops, err)
		}
		if err := os.Remove(filepath.Join(dir, runName)); err != nil {
			t.Fatal(err)
		}
	}
	f = &faulty.Files{Files: atomicfile.OS{}, Fails: func(int) bool { return true }}
	if s, err := open(filepath.Join(t.TempDir(), "state"), runOf(texts()), nil, f); s != nil || !errors.Is(err, faulty.ErrInjected) {
		t.Errorf("got %v, %v", s, err)
	}
	if s, err := Open("a\x00b", runOf(texts()), nil); s != nil || err == nil {
		t.Errorf("got %v, %v", s, err)
	}
}

// A part without identity is named by its number, from 1.
func TestPartWithoutIdentity(t *testing.T) {
	run := Run{Sources: []sources.Identity{{ID: "a"}, {}}}
	if s, err := Open(privateDir(t), run, nil); s != nil || err == nil || !strings.HasPrefix(err.Error(), "part 2: ") {
		t.Errorf("got %v, %v", s, err)
	}
}

// The content of run.jsonl is compared byte by byte, because people read it and
// it must not change between versions.
func TestRunFile(t *testing.T) {
	dir := privateDir(t)
	run := Run{Rules: map[string]string{"--delimiter": `"<"`}, Sources: []sources.Identity{{ID: "b", Version: "2 & 3", Digest: "d"}, {ID: "a", Version: "1"}}}
	mustOpen(t, dir, run, nil).Close()
	const want = `{"fastcount":"checkpoint","version":2,"job":"1f68eea84a5eb21e5028cfe5c9c0902b36ad58cc05a914239ad8abdee8361a0a","rules":{"--delimiter":"\"<\""}}
{"id":"a","version":"1"}
{"id":"b","version":"2 & 3","digest":"d"}
{"sources":2,"sha256":"fee522cd6524181dea1e2bda700dadb65ef65b5bb2a475407e2295fd2b8a0828"}
`
	path := filepath.Join(dir, runName)
	if got := string(readFile(t, path)); got != want {
		t.Errorf("got %s", got)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(want, ",", ", ", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(dir, run, nil); s != nil || !errors.Is(err, ErrDirectory) || !strings.Contains(err.Error(), "run.jsonl: corrupt checkpoint: header: not in canonical form") {
		t.Errorf("other bytes: got %v", err)
	}
}

// Known knows the sources of the last run that are written without escapes, and
// no other identity.
func TestKnown(t *testing.T) {
	dir := privateDir(t)
	if Known(dir) != nil || Known(filepath.Join(dir, "none")) != nil {
		t.Error("a directory without a run is known")
	}
	run := Run{Sources: []sources.Identity{{ID: "a", Version: "1 & <2>"}, {ID: "\u00e9", Version: ""}, {ID: `b"`, Version: "1"}, {ID: "c", Version: "1", Digest: "d"}}}
	mustOpen(t, dir, run, nil)
	known := Known(dir)
	for id, want := range map[sources.Identity]bool{
		{ID: "a", Version: "1 & <2>"}:              true,
		{ID: "\u00e9", Version: ""}:                true,
		{ID: "a", Version: "2"}:                    false,
		{ID: "a", Version: "1 & <2>", Digest: "d"}: false,
		{ID: `b"`, Version: "1"}:                   false,
		{ID: "c", Version: "1"}:                    false,
		{ID: "", Version: ""}:                      false,
	} {
		if got := known(id); got != want {
			t.Errorf("%+v: got %v", id, got)
		}
	}
}
