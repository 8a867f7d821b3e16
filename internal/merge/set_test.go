package merge

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
)

// pair is a pair with its count.
type pair struct {
	patient, event string
	n              uint64
}

// job is the header of a result that covers section i of 10.
func job(i int64) partial.Header {
	return partial.Header{Job: "w", Label: fmt.Sprint(i), Covers: []partial.Interval{{10 * i, 10*i + 10}}, Total: 100}
}

// save writes a partial result into a file.
func save(t testing.TB, path string, head partial.Header, parts []partial.Part, pairs ...pair) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := partial.NewWriter(f, head)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		if err := w.Add([]string{p.patient, p.event}, p.n); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(parts), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// part is a part with a number of rows.
func part(name string, rows uint64) partial.Part {
	return partial.Part{Name: name, Rows: rows, Bytes: 10, RawBytes: 10, Attempts: 1}
}

// tenths returns the results of ten shards, changed by change, of a job of ten
// parts with a row each.
func tenths(t testing.TB, change func(i int, head *partial.Header, p *partial.Part, n *pair)) (files []string) {
	t.Helper()
	dir := t.TempDir()
	for i := range 10 {
		head, p, n := job(int64(i)), part(fmt.Sprint("part", i), 1), pair{fmt.Sprint("P", i), "e", 1}
		if change != nil {
			change(i, &head, &p, &n)
		}
		p.Rows = n.n
		files = append(files, save(t, filepath.Join(dir, fmt.Sprintf("%02d%s", i, Suffix)), head, []partial.Part{p}, n))
	}
	return files
}

// added adds files up in both ways: to a report, and to a partial result that
// is read as a report.
func added(t testing.TB, files []string, limits engine.Limits) (report, streamed *engine.Report, errs [2]error) {
	t.Helper()
	s, err := Open(files)
	if err != nil {
		return nil, nil, [2]error{err, err}
	}
	report, errs[0] = s.Report(limits)
	dir := t.TempDir()
	path := filepath.Join(dir, "sum"+Suffix)
	if errs[1] = s.ToPartial(atomicfile.OS{}, path, dir); errs[1] != nil {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("after an error there are %v, %v", entries, err)
		}
		return report, nil, errs
	}
	sum, err := Open([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	streamed, errs[1] = sum.Report(limits)
	return report, streamed, errs
}

// TestRefusedOfAll changes one fact in the results of a job that can be merged,
// and expects an error that names it.
func TestRefusedOfAll(t *testing.T) {
	for name, c := range map[string]struct {
		change func(i int, head *partial.Header, p *partial.Part, n *pair)
		kind   error
		want   string
	}{
		"nothing": {nil, nil, ""},
		"a download in two exports": {func(i int, _ *partial.Header, p *partial.Part, _ *pair) {
			p.Download = fmt.Sprint("d", i%9)
			p.Name = fmt.Sprintf("export%d/%s", i, p.Download)
		}, ErrOverlap, "download d0: counted as export0/d0 and as export9/d0"},
		"downloads of different ids": {func(i int, _ *partial.Header, p *partial.Part, _ *pair) {
			p.Download = fmt.Sprint("d", i)
		}, nil, ""},
		"a download in two exports, allowed": {func(i int, head *partial.Header, p *partial.Part, _ *pair) {
			p.Download, head.AllowDuplicateIDs = "d", true
		}, nil, ""},
		"allowed in one": {func(i int, head *partial.Header, _ *partial.Part, _ *pair) {
			head.AllowDuplicateIDs = i == 3
		}, ErrOtherJob, "03.partial"},
		"another job": {func(i int, head *partial.Header, _ *partial.Part, _ *pair) {
			head.Job = fmt.Sprint(i / 9)
		}, ErrOtherJob, "00.partial and"},
		"another total": {func(i int, head *partial.Header, _ *partial.Part, _ *pair) {
			head.Total += int64(i / 9)
		}, ErrOtherJob, "09.partial"},
		"escaped in one": {func(i int, head *partial.Header, _ *partial.Part, _ *pair) {
			head.EscapeIDs = i == 9
		}, ErrOtherJob, "09.partial"},
		"not a shard": {func(i int, head *partial.Header, _ *partial.Part, _ *pair) {
			head.Covers, head.Total = nil, 0
		}, ErrNotShard, "00.partial"},
		"the sum of rows": {func(i int, _ *partial.Header, _ *partial.Part, n *pair) {
			n.n = 1
			if i == 4 {
				n.n = math.MaxUint64 - 8
			}
		}, engine.ErrOverflow, "sum of the partial results"},
		"the largest sum of rows": {func(i int, _ *partial.Header, _ *partial.Part, n *pair) {
			n.n = 1
			if i == 4 {
				n.n = math.MaxUint64 - 9
			}
		}, nil, ""},
		"the sum of one pair": {func(i int, _ *partial.Header, _ *partial.Part, n *pair) {
			*n = pair{"P", "e", math.MaxUint64/10 + 1}
		}, engine.ErrOverflow, "sum of the partial results"},
		"the sum of bytes": {func(i int, _ *partial.Header, p *partial.Part, _ *pair) {
			p.Bytes = math.MaxUint64/10 + 1
		}, engine.ErrOverflow, "sum of the partial results"},
		"the largest sum of bytes": {func(i int, _ *partial.Header, p *partial.Part, _ *pair) {
			p.Bytes = math.MaxUint64 / 10
		}, nil, ""},
		"a part twice": {func(i int, _ *partial.Header, p *partial.Part, _ *pair) {
			p.Name = fmt.Sprint("part", i%9)
		}, nil, "part0"},
	} {
		report, streamed, errs := added(t, tenths(t, c.change), engine.Limits{})
		for i, err := range errs {
			r := []*engine.Report{report, streamed}[i]
			switch {
			case c.want == "" && err == nil && r.Rows > 0 && len(r.Parts) == 10:
			case c.want != "" && r == nil && err != nil && (c.kind == nil || errors.Is(err, c.kind) && strings.Contains(err.Error(), c.want)):
			default:
				t.Errorf("%s (%d): got %v, %v", name, i, r, err)
			}
		}
	}
}

// The bytes of ranges as they are stored are added up, too.
func TestRawBytesThatAreTooMany(t *testing.T) {
	for _, first := range []uint64{math.MaxUint64 - 9, math.MaxUint64 - 8} {
		files := tenths(t, func(i int, _ *partial.Header, p *partial.Part, _ *pair) {
			from, to := int64(10*i), int64(10*i+10)
			p.Name, p.RawBytes, p.Range = "f", 1, &engine.Range{From: from, To: to, Start: from + 1, End: min(to+1, 100), Size: 100}
			if i == 0 {
				p.RawBytes, p.Range.Start = first, 0
			}
		})
		_, _, errs := added(t, files, engine.Limits{})
		for _, err := range errs {
			if (err == nil) != (first == math.MaxUint64-9) || err != nil && !errors.Is(err, engine.ErrOverflow) {
				t.Errorf("%d: got %v", first, err)
			}
		}
	}
}

// rangesOfAFile returns the results of ten shards that counted a range of one
// file each, changed by change.
func rangesOfAFile(t testing.TB, change func(i int, p *partial.Part)) (files []string) {
	return tenths(t, func(i int, _ *partial.Header, p *partial.Part, _ *pair) {
		from, to := int64(10*i), int64(10*i+10)
		p.Name, p.Entry, p.Range = "f", 1, &engine.Range{From: from, To: to, Start: from + 2, End: min(to+2, 100), Size: 100}
		if from == 0 {
			p.Range.Start = 0
		}
		change(i, p)
	})
}

// Ranges are joined only if each begins where the one before it ends, in the
// same file, and nothing is between them.
func TestRangesMustFit(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p *partial.Part)
		want   error
	}{
		"fit":                      {func(*partial.Part) {}, nil},
		"begins a byte early":      {func(p *partial.Part) { p.Range.Start-- }, ErrMisaligned},
		"begins a byte late":       {func(p *partial.Part) { p.Range.Start++ }, ErrMisaligned},
		"ends a byte early":        {func(p *partial.Part) { p.Range.End-- }, ErrMisaligned},
		"ends a byte late":         {func(p *partial.Part) { p.Range.End++ }, ErrMisaligned},
		"of a file of other size":  {func(p *partial.Part) { p.Range.Size++ }, ErrMisaligned},
		"a gap before it":          {func(p *partial.Part) { p.Range.From++ }, ErrMisaligned},
		"a gap after it":           {func(p *partial.Part) { p.Range.To-- }, ErrMisaligned},
		"of another file":          {func(p *partial.Part) { p.Name = "g" }, ErrMisaligned},
		"of another entry, a file": {func(p *partial.Part) { p.Name, p.Entry, p.Range = "g", 2, nil }, ErrMisaligned},
	} {
		report, streamed, errs := added(t, rangesOfAFile(t, func(i int, p *partial.Part) {
			if i == 5 {
				c.change(p)
			}
		}), engine.Limits{})
		for i, r := range []*engine.Report{report, streamed} {
			switch {
			case c.want == nil && errs[i] == nil && len(r.Parts) == 1 && r.Parts[0].Range == nil && r.Rows == 10:
			case c.want != nil && r == nil && errors.Is(errs[i], c.want):
			default:
				t.Errorf("%s (%d): got %v, %v", name, i, r, errs[i])
			}
		}
	}
}

// A file that was counted in ranges is proved as well as the range that is
// proved worst, wherever that is, and took the attempts of the range with the
// most.
func TestProofOfJoinedRanges(t *testing.T) {
	for weakest := range 10 {
		files := rangesOfAFile(t, func(i int, p *partial.Part) {
			p.Verified = engine.ProofFraming
			if i == weakest {
				p.Verified, p.Attempts = engine.ProofNone, 3
			}
		})
		report, streamed, errs := added(t, files, engine.Limits{})
		if errs != [2]error{} {
			t.Fatal(errs)
		}
		for _, r := range []*engine.Report{report, streamed} {
			if p := r.Parts[0]; p.Verified != engine.ProofNone || p.Attempts != 3 || p.Rows != 10 || p.Bytes != 100 || p.RawBytes != 100 {
				t.Errorf("range %d is proved worst: got %+v", weakest, p)
			}
		}
	}
}

// TestLimits exceeds each limit only with all results together.
func TestLimits(t *testing.T) {
	one := func(i int, _ *partial.Header, _ *partial.Part, n *pair) { *n = pair{"P", "e", 1} }
	events := func(i int, _ *partial.Header, _ *partial.Part, n *pair) {
		*n = pair{"P", fmt.Sprint("e", i), 1}
	}
	for name, c := range map[string]struct {
		change    func(i int, head *partial.Header, p *partial.Part, n *pair)
		good, bad engine.Limits
	}{
		"patients": {nil, engine.Limits{Patients: 10}, engine.Limits{Patients: 9}},
		"events":   {events, engine.Limits{Events: 10}, engine.Limits{Events: 9}},
		"pairs":    {nil, engine.Limits{Pairs: 10}, engine.Limits{Pairs: 9}},
		"names":    {nil, engine.Limits{NamesSize: 21}, engine.Limits{NamesSize: 20}},
		"id":       {one, engine.Limits{ID: 1}, engine.Limits{}},
	} {
		files := tenths(t, c.change)
		if _, _, errs := added(t, files, c.good); errs != [2]error{} {
			t.Errorf("%s: at the limit: %v", name, errs)
		}
		if name == "id" {
			files, c.bad = tenths(t, nil), engine.Limits{ID: 1}
		}
		r, streamed, errs := added(t, files, c.bad)
		for _, err := range errs {
			if !errors.Is(err, limits[name]) {
				t.Errorf("%s: past the limit: got %v, %v, %v", name, r, streamed, err)
			}
		}
	}
	s, err := Open(tenths(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Report(engine.Limits{Pairs: -1}); r != nil || err == nil {
		t.Errorf("a negative limit: got %v, %v", r, err)
	}
}

// The parts of a sum are in the order of the job, regardless of their pairs.
func TestOrderOfParts(t *testing.T) {
	files := tenths(t, func(i int, _ *partial.Header, _ *partial.Part, n *pair) { n.patient = fmt.Sprint("P", 9-i) })
	report, streamed, errs := added(t, files, engine.Limits{})
	if errs != [2]error{} {
		t.Fatal(errs)
	}
	for _, r := range []*engine.Report{report, streamed} {
		for i, p := range r.Parts {
			if p.Name != fmt.Sprint("part", i) {
				t.Errorf("part %d is %s", i, p.Name)
			}
		}
	}
}

// The parts of the sum are in the order of the plan, and the ranges of a file
// are joined, regardless of how partial results are grouped.
func TestOrderOfPartsInATree(t *testing.T) {
	change := func(i int, _ *partial.Header, p *partial.Part, _ *pair) {
		p.Entry, p.MultilineRows = i/5+1, uint64(i%2)
		p.Name = fmt.Sprint("file", 9-p.Entry)
		at := int64(10 * (i % 5))
		p.Range = &engine.Range{From: at, To: at + 10, Start: at + 1, End: min(at+11, 50), Size: 50}
		if at == 0 {
			p.Range.Start = 0
		}
	}
	files := tenths(t, change)
	want, _, errs := added(t, files, engine.Limits{})
	if errs != [2]error{} || len(want.Parts) != 2 || want.Parts[0].Name != "file8" || want.Parts[1].Name != "file7" || want.Parts[0].Stats.Multiline != 2 || want.Parts[1].Stats.Multiline != 3 {
		t.Fatalf("got %+v, %v", want, errs)
	}
	unknown, _, errs := added(t, tenths(t, func(i int, head *partial.Header, p *partial.Part, n *pair) {
		change(i, head, p, n)
		p.Entry = 0
	}), engine.Limits{})
	if diff := cmp.Diff(want, unknown); errs != [2]error{} || diff != "" {
		t.Errorf("entries unknown: %v, %s", errs, diff)
	}
	dir := t.TempDir()
	for _, groups := range [][][]int{
		{{0, 2, 4, 6, 8}, {1, 3, 5, 7, 9}}, {{9, 5, 1}, {0, 8, 4, 3}, {2, 7, 6}}, {{5, 6, 7, 8, 9}, {0, 1, 2, 3, 4}},
	} {
		var sums []string
		for i, group := range groups {
			var some []string
			for _, n := range group {
				some = append(some, files[n])
			}
			s, err := Open(some)
			if err != nil {
				t.Fatal(err)
			}
			sums = append(sums, filepath.Join(dir, fmt.Sprint(i, Suffix)))
			if err := s.ToPartial(atomicfile.OS{}, sums[i], dir); err != nil {
				t.Fatal(err)
			}
		}
		got, streamed, errs := added(t, sums, engine.Limits{})
		if diff := cmp.Diff(want, got) + cmp.Diff(want, streamed); errs != [2]error{} || diff != "" {
			t.Errorf("%v: %v, %s", groups, errs, diff)
		}
	}

	// One file as two entries, with another one between.
	files = tenths(t, func(i int, _ *partial.Header, p *partial.Part, _ *pair) {
		p.Entry, p.Name = i+1, fmt.Sprint("file", i%9)
	})
	_, _, errs = added(t, files, engine.Limits{})
	for _, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "file0") && !strings.Contains(err.Error(), "same name") {
			t.Errorf("one file as two entries: got %v", err)
		}
	}
	files = tenths(t, func(i int, head *partial.Header, p *partial.Part, n *pair) {
		change(i%5, head, p, n)
		p.Entry = i + 1
	})
	if _, _, errs := added(t, files, engine.Limits{}); errs[0] == nil || errs[1] == nil {
		t.Errorf("ranges of different entries were joined: %v", errs)
	}
}

// The result of an empty shard is read as well, because it may be corrupt.
func TestResultOfNoWork(t *testing.T) {
	files := tenths(t, nil)
	head := job(0)
	head.Covers = nil
	idle := save(t, filepath.Join(t.TempDir(), "idle"+Suffix), head, nil)
	report, streamed, errs := added(t, append(files, idle), engine.Limits{})
	if errs != [2]error{} || report.Rows != 10 || streamed.Rows != 10 {
		t.Errorf("got %v, %v, %v", report, streamed, errs)
	}
	text, err := os.ReadFile(idle)
	if err != nil {
		t.Fatal(err)
	}
	write(t, idle, text[:len(text)-1])
	if s, err := Open(append(files, idle)); s != nil || !errors.Is(err, partial.ErrCorrupt) || !strings.Contains(err.Error(), idle) {
		t.Errorf("got %v, %v", s, err)
	}
	s, err := Open([]string{save(t, idle, head, nil)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ToPartial(atomicfile.OS{}, idle+"x", t.TempDir()); !errors.Is(err, ErrNotFound) {
		t.Errorf("a sum of nothing: %v", err)
	}
	if r, err := s.Report(engine.Limits{}); r != nil || !errors.Is(err, ErrIncomplete) {
		t.Errorf("a report of nothing: %v, %v", r, err)
	}
}

// A second result of a shard is dropped even if it took other attempts, and
// refused if it differs.
func TestCopies(t *testing.T) {
	files := tenths(t, nil)
	dir := t.TempDir()
	again := func(name string, rows uint64, attempts int) string {
		p := part("part3", rows)
		p.Attempts = attempts
		return save(t, filepath.Join(dir, name+Suffix), job(3), []partial.Part{p}, pair{"P3", "e", rows})
	}
	same, retried, other := again("same", 1, 1), again("retried", 1, 5), again("other", 2, 1)
	s, err := Open(append(slices.Clone(files), same, retried))
	if err != nil || s.Dropped != 2 || len(s.files) != 10 {
		t.Errorf("got %+v, %v", s, err)
	}
	if s, err := Open(append(slices.Clone(files), same, other)); s != nil || !errors.Is(err, ErrOverlap) || !strings.Contains(err.Error(), files[3]+" and "+other) {
		t.Errorf("got %v, %v", s, err)
	}
	for _, corrupt := range []string{files[3], same} {
		text, err := os.ReadFile(corrupt)
		if err != nil {
			t.Fatal(err)
		}
		write(t, corrupt, text[:len(text)-1])
		if s, err := Open(append(slices.Clone(files), same)); s != nil || !errors.Is(err, partial.ErrCorrupt) || !strings.Contains(err.Error(), corrupt) {
			t.Errorf("got %v, %v", s, err)
		}
		write(t, corrupt, text)
	}
}

// The number of shards is known only if all results agree on it.
func TestShardsOfDifferentSizes(t *testing.T) {
	tenth := func(i int, head *partial.Header, _ *partial.Part, _ *pair) { head.Shards = 10 }
	s, err := Open(tenths(t, tenth))
	if err != nil || s.Shards != 10 {
		t.Errorf("got %v, %v", s, err)
	}
	s, err = Open(tenths(t, func(i int, head *partial.Header, p *partial.Part, n *pair) {
		tenth(i, head, p, n)
		if i == 5 {
			head.Shards = 20
		}
	}))
	if err != nil || s.Shards != 0 {
		t.Errorf("got %v, %v", s, err)
	}
}

// The missing shards are those without a partial result.
func TestMissing(t *testing.T) {
	files := tenths(t, func(_ int, head *partial.Header, _ *partial.Part, _ *pair) { head.Shards = 10 })
	s, err := Open(slices.Concat(files[1:4], files[5:9]))
	if err != nil {
		t.Fatal(err)
	}
	if missing, err := s.Missing(); err != nil || !slices.Equal(missing, []int{0, 4, 9}) {
		t.Errorf("got %v, %v", missing, err)
	}
	s.Shards = 0
	if _, err := s.Missing(); err == nil {
		t.Error("no error for an unknown number of shards")
	}
}
