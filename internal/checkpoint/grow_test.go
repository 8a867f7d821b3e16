package checkpoint

import (
	"errors"
	"fmt"
	"math/rand/v2"
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
