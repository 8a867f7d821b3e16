package checkpoint

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/testing/faulty"
	"fastcount/internal/testing/proof"
)

// TestGrow checks that after random additions, failures and crashes the result
// is that of one run over everything, and that no finished part is read again.
func TestGrow(t *testing.T) {
	runs := proof.Bound(8, 500)
	proof.Cases(t, "grow", runs)
	all := manyTexts(12)
	for seed := range runs {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		dir := filepath.Join(t.TempDir(), "state")
		n := random.IntN(5)
		for n < len(all) {
			n = min(n+random.IntN(6), len(all))
			parts := slices.Clone(all[:n])
			random.Shuffle(n, func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			before := heldBy(t, dir)
			reading := slices.Clone(parts)
			for i, p := range reading {
				if before[p.Name()] > 0 || random.IntN(8) == 0 { // finished, or it fails
					reading[i] = closed{p.(text)}
				}
			}
			f := &faulty.Files{Files: atomicfile.OS{}}
			if crash := random.IntN(80); crash > 0 {
				f.Fails = func(op int) bool { return op >= crash }
			}
			r, err := runBatched(t, dir, reading, 1+random.IntN(4), 2+random.IntN(4), func(error) {}, f)
			if err == nil && result(t, r) != counted(t, parts) {
				t.Fatalf("seed %d: a wrong answer", seed)
			}
			after := heldBy(t, dir)
			for name := range before {
				if after[name] == 0 {
					t.Fatalf("seed %d: %s is not finished any more", seed, name)
				}
			}
		}
		r, err := runLimited(t, dir, all, 3, fails(t), atomicfile.OS{})
		if err != nil || result(t, r) != counted(t, all) {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// heldBy returns for each part that is finished in a directory the number of
// files that hold it.
func heldBy(t *testing.T, dir string) map[string]int {
	t.Helper()
	held := make(map[string]int)
	files, err := filepath.Glob(filepath.Join(dir, "*"+partSuffix))
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{dir: dir, known: newCatalog(nil)}
	for _, p := range manyTexts(12) {
		s.parts = append(s.parts, source(p.(text).Identity()))
	}
	s.known = newCatalog(s.parts)
	if len(files) > 0 {
		if s.job, err = jobOf(readFile(t, filepath.Join(dir, runName))); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		ids, _, err := s.read(f, s.known)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for _, id := range ids {
			held[id]++
		}
	}
	return held
}

// Finished parts that changed or vanished are refused by name. Others may, and
// the order does not matter.
func TestGrowRefuses(t *testing.T) {
	first := manyTexts(6)
	changedAt := func(i int) []engine.Part {
		parts := slices.Clone(first)
		parts[i] = text{first[i].Name(), "patient_id,event_type\nP7,up\n"}
		return parts
	}
	without := func(i int) []engine.Part { return slices.Delete(slices.Clone(first), i, i+1) }
	reversed := append(slices.Clone(first), text{"part 6", "patient_id,event_type\n"})
	slices.Reverse(reversed)
	renamed := without(1)
	renamed = append(renamed, text{"part x", first[1].(text).data})
	for name, c := range map[string]struct {
		parts []engine.Part
		want  string
	}{
		"changed, merged":      {changedAt(0), `part 0: was patient_id,event_type`},
		"changed, alone":       {changedAt(4), `part 4: was patient_id,event_type`},
		"vanished, merged":     {without(2), `part 2: was `},
		"vanished, alone":      {without(4), `part 4: was `},
		"renamed":              {renamed, `part 1: was `},
		"changed, unfinished":  {changedAt(5), ""},
		"vanished, unfinished": {without(5), ""},
		"order":                {reversed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := privateDir(t)
			unfinished := slices.Clone(first)
			unfinished[5] = closed{first[5].(text)}
			for _, n := range []int{4, 6} { // a sum of four, one alone, and one that fails
				if _, err := runLimited(t, dir, unfinished[:n], 4, fails(t), atomicfile.OS{}); (err != nil) != (n == 6) {
					t.Fatal(err)
				}
			}
			before := readFile(t, filepath.Join(dir, runName))
			r, err := runLimited(t, dir, c.parts, 4, fails(t), atomicfile.OS{})
			if c.want == "" {
				if err != nil || result(t, r) != counted(t, c.parts) {
					t.Errorf("got %v", err)
				}
				return
			}
			different, ok := errors.AsType[*DifferentError](err)
			if !ok || different.Grown || len(different.Differences) != 1 || !strings.HasPrefix(different.Differences[0], c.want) {
				t.Errorf("got %v", err)
			}
			if after := readFile(t, filepath.Join(dir, runName)); string(after) != string(before) {
				t.Error("the run of the directory was changed")
			}
		})
	}
}

// A run with other rules is refused although it may have more sources, and so
// is a directory that cannot be read where it matters.
func TestGrowKeepsRules(t *testing.T) {
	dir, parts := privateDir(t), manyTexts(3)
	if _, err := runLimited(t, dir, parts, 9, fails(t), atomicfile.OS{}); err != nil {
		t.Fatal(err)
	}
	run := runOf(manyTexts(4))
	run.Rules["--delimiter"] = ";"
	run.Grow = true
	_, err := Open(dir, run, nil)
	if different, ok := errors.AsType[*DifferentError](err); !ok || !slices.Equal(different.Differences, []string{"--delimiter: was ,, is ;"}) {
		t.Errorf("got %v", err)
	}
	_, err = Open(dir, runOf(manyTexts(4)), nil)
	if different, ok := errors.AsType[*DifferentError](err); !ok || !different.Grown || len(different.Differences) != 1 {
		t.Errorf("got %v", err)
	}
	run.Rules = map[string]string{"--delimiter": ",", "--server": "x"}
	if _, err = Open(dir, run, nil); !errors.Is(err, ErrDirectory) {
		t.Errorf("a new rule: got %v", err)
	}
	run.Addable, run.Grow = []string{"--server", "--delimiter"}, false
	if _, err = Open(dir, run, nil); !errors.Is(err, ErrDirectory) {
		t.Errorf("a new rule, without growing: got %v", err)
	}
	run.Grow = true
	grown, err := Open(dir, run, nil)
	if err != nil || grown.Close() != nil {
		t.Fatal(err)
	}
	run.Rules["--server"] = "y"
	if _, err = Open(dir, run, nil); !errors.Is(err, ErrDirectory) {
		t.Errorf("another rule: got %v", err)
	}
	list := []source{source(parts[0].(text).Identity())}
	s := &Store{dir: dir, parts: list, known: newCatalog(list)}
	path := s.pathOf(0)
	data := readFile(t, path)
	writeFile(t, path, data[:len(data)-1])
	run.Sources, run.Rules["--server"] = run.Sources[1:], "x"
	if _, err := Open(dir, run, nil); !errors.Is(err, ErrDirectory) || !strings.Contains(fmt.Sprint(err), path) {
		t.Errorf("got %v", err)
	}
}

// A run does not grow if a source changed or vanished that may be in a corrupt
// file, and the error names that file. Without the file it grows, counts the
// sources in it again, and reads no other.
func TestGrowWithCorruptFiles(t *testing.T) {
	first := manyTexts(7)
	changed := func(i int) []engine.Part {
		parts := slices.Clone(first)
		parts[i] = text{first[i].Name(), "patient_id,event_type\nP7,up\n"}
		return append(parts, text{"part 7", "patient_id,event_type\n"})
	}
	vanished := slices.Delete(changed(1), 1, 2)
	for name, c := range map[string]struct {
		parts   []engine.Part
		corrupt []int // of the files: a sum of the parts 0 to 3, and those of the parts 4, 5 and 6
		refused string
	}{
		"in the corrupt sum":        {changed(2), []int{0}, "part 2: was "},
		"vanished from the sum":     {vanished, []int{0}, "part 1: was "},
		"in the corrupt file":       {changed(4), []int{1}, "part 4: was "},
		"in one of several":         {changed(5), []int{0, 1, 2, 3}, "part 5: was "},
		"in another file":           {changed(5), []int{0, 1}, ""},
		"nowhere":                   {append(slices.Clone(first), text{"part 7", "patient_id,event_type\n"}), []int{0, 2}, ""},
		"the corrupt file is alone": {changed(0)[:1], []int{0, 1, 2, 3}, "part 0: was "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := privateDir(t)
			var files []string
			for _, n := range []int{4, 5, 6, 7} {
				if _, err := runLimited(t, dir, first[:n], max(4, 20*(n-4)), fails(t), atomicfile.OS{}); err != nil {
					t.Fatal(err)
				}
				for _, f := range partials(t, dir) {
					if !slices.Contains(files, f) {
						files = append(files, f)
					}
				}
			}
			for _, i := range c.corrupt {
				data := readFile(t, files[i])
				data[len(data)/2] ^= 1
				writeFile(t, files[i], data)
			}
			before := readFile(t, filepath.Join(dir, runName))
			var w warnings
			r, err := runLimited(t, dir, c.parts, 100, w.add, atomicfile.OS{})
			e, corrupt := errors.AsType[*CorruptError](err)
			switch {
			case name == "in another file":
				different, ok := errors.AsType[*DifferentError](err)
				if !ok || len(different.Differences) != 1 || !strings.HasPrefix(different.Differences[0], "part 5: was ") {
					t.Errorf("got %v", err)
				}
			case c.refused == "":
				if err != nil || len(w.list) != len(c.corrupt) || result(t, r) != counted(t, c.parts) {
					t.Errorf("got %v, %q", err, w.list)
				}
				return
			case !corrupt || !errors.Is(err, ErrDirectory) || !strings.HasPrefix(e.Changed, c.refused) || len(e.Files) != len(c.corrupt):
				t.Fatalf("got %v", err)
			}
			if after := readFile(t, filepath.Join(dir, runName)); string(after) != string(before) || len(w.list) > 0 {
				t.Errorf("the run of the directory was changed; warnings: %q", w.list)
			}
			if !corrupt {
				return
			}
			for _, i := range c.corrupt {
				if !slices.ContainsFunc(e.Files, func(f string) bool { return strings.HasPrefix(f, files[i]+": corrupt ") }) {
					t.Errorf("%s is missing: %q", files[i], e.Files)
				}
				if err := os.Remove(files[i]); err != nil {
					t.Fatal(err)
				}
			}
			reading := slices.Clone(c.parts)
			for i, p := range reading {
				if n := slices.Index(first, p); n >= 0 && !slices.Contains(c.corrupt, max(0, n-3)) {
					reading[i] = closed{p.(text)}
				}
			}
			r, err = runLimited(t, dir, reading, 100, fails(t), atomicfile.OS{})
			if err != nil || result(t, r) != counted(t, c.parts) {
				t.Errorf("without the files: %v", err)
			}
		})
	}
}

// The message names a few of many files.
func TestManyCorruptFiles(t *testing.T) {
	e := &CorruptError{"dir", "a.csv: was 1 bytes, is absent", slices.Repeat([]string{"f: corrupt"}, 6)}
	if text := e.Error(); !strings.HasPrefix(text, "dir: a source changed that may be in a corrupt partial result: a.csv: was 1 bytes, is absent\nf: corrupt\n") || !strings.HasSuffix(text, "\nand 1 more file") {
		t.Errorf("got %s", text)
	}
}
