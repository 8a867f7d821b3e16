package merge

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
	"fastcount/parser"
)

// inDialects returns the results of a job, of which result i has dialects[i]
// and the others have none.
func inDialects(t *testing.T, dialects map[int]map[string]string) []string {
	return tenths(t, func(i int, head *partial.Header, p *partial.Part, _ *pair) {
		head.Dialect = dialects[i]
		p.Comments, p.SkippedRows = uint64(i), 1
	})
}

// Results of different dialects are added up only if that is asked for, and so
// are sums of them.
func TestMixedDialects(t *testing.T) {
	comment := map[string]string{"comment": `"#"`}
	files := inDialects(t, map[int]map[string]string{3: comment})
	if s, err := Open(files); s != nil || !errors.Is(err, ErrMixed) || !strings.Contains(err.Error(), files[3]) {
		t.Errorf("got %v, %v", s, err)
	}
	s, err := OpenMixed(files)
	if err != nil || !s.Mixed {
		t.Fatalf("got %+v, %v", s, err)
	}
	r, err := s.Report(engine.Limits{})
	if err != nil || r.Rows != 10 {
		t.Fatalf("got %+v, %v", r, err)
	}
	dir := t.TempDir()
	sum := filepath.Join(dir, "sum"+Suffix)
	if err := s.ToPartial(atomicfile.OS{}, sum, dir); err != nil {
		t.Fatal(err)
	}
	if s, err := Open([]string{sum}); s != nil || !errors.Is(err, ErrMixed) {
		t.Errorf("the sum: got %v, %v", s, err)
	}
	if s, err := OpenMixed([]string{sum}); err != nil || !s.Mixed {
		t.Errorf("the sum: got %v, %v", s, err)
	}
}

// A sum keeps the dialect, and the counts of what was left out or tolerated.
func TestDialectOfSum(t *testing.T) {
	all := make(map[int]map[string]string)
	for i := range 10 {
		all[i] = map[string]string{"trim": "true"}
	}
	s, err := Open(inDialects(t, all))
	if err != nil || s.Mixed {
		t.Fatalf("got %+v, %v", s, err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sum"+Suffix)
	if err := s.ToPartial(atomicfile.OS{}, path, dir); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head, r, err := partial.Read(f)
	var stats parser.Stats
	for _, p := range r.Parts {
		stats.Add(p.Stats)
	}
	if err != nil || !maps.Equal(head.Dialect, all[0]) || stats != (parser.Stats{Comments: 45, SkippedRows: 10}) {
		t.Errorf("got %+v, %+v, %v", head, stats, err)
	}
}

// A result of version 1, which has no dialect, fits those of its job.
func TestDialectNotRecorded(t *testing.T) {
	trim := map[string]string{"trim": "true"}
	for name, heads := range map[string][]partial.Header{
		"first": {{NoDialect: true}, {Dialect: trim}, {Dialect: trim}},
		"last":  {{Dialect: trim}, {NoDialect: true}},
	} {
		s := new(Set)
		for _, h := range heads {
			s.addDialect(h)
		}
		if s.Mixed || !maps.Equal(s.rules(), trim) {
			t.Errorf("%s: got %+v", name, s)
		}
	}
}
