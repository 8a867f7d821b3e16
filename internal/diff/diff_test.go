package diff_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fastcount/internal/diff"
)

// counts are the groups of a result, by their values with a line feed between
// them, which the values do not contain.
type counts map[string]uint64

func key(values ...string) string { return strings.Join(values, "\n") }

// fake is a result with given counts.
type fake struct {
	keys    []string
	counts  counts
	order   [][]string
	next    int
	missing []string
}

// newFake returns a result of k key columns.
func newFake(k int, c counts) *fake {
	f := &fake{counts: c}
	for i := range k {
		f.keys = append(f.keys, fmt.Sprintf("key%d", i+1))
	}
	for text := range c {
		f.order = append(f.order, strings.Split(text, "\n"))
	}
	slices.SortFunc(f.order, slices.Compare)
	return f
}

func (f *fake) Keys() []string       { return f.keys }
func (f *fake) Incomplete() []string { return f.missing }

func (f *fake) Next() (values [][]byte, n uint64, err error) {
	if f.next == len(f.order) {
		return nil, 0, io.EOF
	}
	group := f.order[f.next]
	f.next++
	for _, v := range group {
		values = append(values, []byte(v))
	}
	return values, f.counts[key(group...)], nil
}

func (f *fake) Totals() iter.Seq2[string, uint64] { return maps.All(f.counts.by(len(f.keys) - 1)) }

// by adds up the counts by a key column.
func (c counts) by(column int) counts {
	sums := make(counts)
	for text, n := range c {
		sums[strings.Split(text, "\n")[column]] += n
	}
	return sums
}

// compare compares results of k key columns.
func compare(t rapid.TB, k int, old, new counts) *diff.Diff {
	t.Helper()
	d, err := diff.Compare("old", newFake(k, old), "new", newFake(k, new))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// change is a diff.Change that can be compared.
type change struct {
	Values   string
	Old, New uint64
}

func collect(all iter.Seq[diff.Change]) (list []change) {
	for c := range all {
		list = append(list, change{key(c.Values...), c.Old, c.New})
	}
	return list
}

// differences returns what differs between old and new, in order. Of a value of
// a key column, or a group, the counts are those of old and new, and it differs
// if a group of it does.
func differences(old, new counts, name func(values []string) string, oldOf, newOf counts) []change {
	found := make(map[string]change)
	for _, side := range []counts{old, new} {
		for text := range side {
			if old[text] != new[text] {
				v := name(strings.Split(text, "\n"))
				found[v] = change{v, oldOf[v], newOf[v]}
			}
		}
	}
	list := slices.Collect(maps.Values(found))
	slices.SortFunc(list, func(a, b change) int {
		return slices.Compare(strings.Split(a.Values, "\n"), strings.Split(b.Values, "\n"))
	})
	return list
}

func kindsOf(list []change) (k diff.Kinds) {
	for _, c := range list {
		switch {
		case c.Old == 0:
			k.New++
		case c.New == 0:
			k.Vanished++
		default:
			k.Changed++
		}
	}
	return k
}

// draw returns the number of key columns and the counts of two results, of
// which many are equal.
func draw(t *rapid.T) (k int, old, new counts) {
	k = rapid.IntRange(1, 4).Draw(t, "k")
	value := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "c"}), rapid.StringMatching(`[a-c,"é ]{0,3}`))
	old, new = make(counts), make(counts)
	for range rapid.IntRange(0, 20).Draw(t, "groups") {
		values := rapid.SliceOfN(value, k, k).Draw(t, "values")
		n := rapid.Uint64Range(1, 300).Draw(t, "n")
		switch rapid.IntRange(0, 5).Draw(t, "where") {
		case 0:
			old[key(values...)] = n
		case 1:
			new[key(values...)] = n
		case 2:
			old[key(values...)], new[key(values...)] = n, rapid.Uint64Range(1, 300).Draw(t, "new n")
		default:
			old[key(values...)], new[key(values...)] = n, n
		}
	}
	return k, old, new
}

func TestCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, old, new := draw(t)
		d := compare(t, k, old, new)
		first := func(v []string) string { return v[0] }
		last := func(v []string) string { return v[len(v)-1] }
		whole := func(v []string) string { return key(v...) }
		for _, c := range []struct {
			what  string
			got   []change
			kinds diff.Kinds
			want  []change
		}{
			{"first", collect(d.FirstChanges()), d.First, differences(old, new, first, old.by(0), new.by(0))},
			{"last", collect(d.LastChanges()), d.Last, differences(old, new, last, old.by(k-1), new.by(k-1))},
			{"groups", collect(d.GroupChanges()), d.Groups, differences(old, new, whole, old, new)},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Errorf("%s: %s", c.what, diff)
			}
			if want := kindsOf(c.want); c.kinds != want {
				t.Errorf("%s: got %+v, want %+v", c.what, c.kinds, want)
			}
		}
		if d.Empty() != maps.Equal(old, new) || d.Old.Groups != len(old) || d.New.Groups != len(new) {
			t.Errorf("empty: %v, groups %d and %d", d.Empty(), d.Old.Groups, d.New.Groups)
		}
	})
}

// TestEqualResults checks that a result does not differ from itself.
func TestEqualResults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, counts, _ := draw(t)
		d := compare(t, k, counts, counts)
		if exceeded := d.Check(nil); !d.Empty() || exceeded != nil {
			t.Errorf("%v", exceeded)
		}
		for _, format := range []string{"text", "markdown"} {
			if text := write(t, d, format); text != "" {
				t.Errorf("%s: %q", format, text)
			}
		}
	})
}

func write(t rapid.TB, d *diff.Diff, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.Write(&b, format, diff.Options{Top: 20, Exceeded: d.Check(nil)}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestMirror checks that exchanging the results exchanges what is old and new.
func TestMirror(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, old, new := draw(t)
		d, e := compare(t, k, old, new), compare(t, k, new, old)
		for _, pair := range [][2]iter.Seq[diff.Change]{
			{d.FirstChanges(), e.FirstChanges()}, {d.LastChanges(), e.LastChanges()}, {d.GroupChanges(), e.GroupChanges()},
		} {
			mirrored := collect(pair[1])
			for i, c := range mirrored {
				mirrored[i] = change{c.Values, c.New, c.Old}
			}
			if diff := cmp.Diff(collect(pair[0]), mirrored); diff != "" {
				t.Error(diff)
			}
		}
		for _, kinds := range [][2]diff.Kinds{{d.First, e.First}, {d.Last, e.Last}, {d.Groups, e.Groups}} {
			if (kinds[0] != diff.Kinds{New: kinds[1].Vanished, Vanished: kinds[1].New, Changed: kinds[1].Changed}) {
				t.Errorf("%+v, mirrored %+v", kinds[0], kinds[1])
			}
		}
	})
}

// apply returns counts with changes applied, whose old counts must be present.
func apply(t rapid.TB, old counts, changes []change) counts {
	t.Helper()
	result := maps.Clone(old)
	for _, c := range changes {
		if result[c.Values] != c.Old {
			t.Errorf("%q: %d, not %d", c.Values, result[c.Values], c.Old)
		}
		result[c.Values] = c.New
		if c.New == 0 {
			delete(result, c.Values)
		}
	}
	return result
}

// TestApply checks that the old counts and the differences, as JSON and as CSV,
// give the new ones.
func TestApply(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, old, new := draw(t)
		d := compare(t, k, old, new)
		if got := apply(t, old, parseJSON(t, write(t, d, "json"))); !maps.Equal(got, new) {
			t.Errorf("json: got %v, want %v", got, new)
		}
		if got := apply(t, old, parseCSV(t, write(t, d, "csv"))); !maps.Equal(got, new) {
			t.Errorf("csv: got %v, want %v", got, new)
		}
	})
}

func parseJSON(t rapid.TB, text string) (changes []change) {
	t.Helper()
	var v struct {
		Groups []struct {
			Values   []string
			Old, New uint64
		}
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for _, g := range v.Groups {
		changes = append(changes, change{key(g.Values...), g.Old, g.New})
	}
	return changes
}

func parseCSV(t rapid.TB, text string) (changes []change) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for _, r := range records[1:] {
		var n [2]uint64
		for i, cell := range r[len(r)-2:] {
			if n[i], err = strconv.ParseUint(cell, 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		changes = append(changes, change{key(r[:len(r)-2]...), n[0], n[1]})
	}
	return changes
}

func TestManyDifferences(t *testing.T) {
	old, new := make(counts), make(counts)
	for i := range 60_000 {
		new[key(fmt.Sprintf("patient %06d", i/3), fmt.Sprintf("day %02d", i%7), fmt.Sprintf("event %d", i%3))] = uint64(i + 1)
	}
	d := compare(t, 3, old, new)
	if got := apply(t, old, collect(d.GroupChanges())); !maps.Equal(got, new) || d.First.New != 20_000 || d.Last.New != 3 {
		t.Errorf("%d groups, %+v, %+v", len(got), d.First, d.Last)
	}
}

func TestKeysDiffer(t *testing.T) {
	_, err := diff.Compare("a.json", newFake(1, nil), "b.json", newFake(2, nil))
	if !errors.Is(err, diff.ErrKeys) || !strings.Contains(err.Error(), `a.json has ["key1"], b.json has ["key1" "key2"]`) {
		t.Error(err)
	}
}

// failing is a result that cannot be read to its end.
type failing struct{ *fake }

func (f failing) Next() ([][]byte, uint64, error) {
	if f.next == len(f.order) {
		return nil, 0, io.ErrUnexpectedEOF
	}
	return f.fake.Next()
}

func TestErrorsNameTheResult(t *testing.T) {
	good := counts{"a": 1, "b": 2}
	for _, n := range []int{0, 1, 2} {
		bad := make(counts)
		for _, v := range []string{"a", "b"}[:n] {
			bad[v] = 1
		}
		_, err := diff.Compare("old", newFake(1, good), "new", failing{newFake(1, bad)})
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), "new: ") {
			t.Errorf("%d groups: %v", n, err)
		}
		_, err = diff.Compare("old", failing{newFake(1, bad)}, "new", newFake(1, good))
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), "old: ") {
			t.Errorf("%d groups: %v", n, err)
		}
	}
}

// steady yields groups without allocating memory: n patients with four event
// types each. Every count is more by one in every tenth patient if that is set.
type steady struct {
	n, next int
	more    bool
	values  [2][][]byte
}

func newSteady(n int, more bool) *steady {
	return &steady{n: n, more: more, values: [2][][]byte{make([][]byte, 2), make([][]byte, 2)}}
}

func (s *steady) Keys() []string       { return []string{"p", "e"} }
func (s *steady) Incomplete() []string { return nil }

func (s *steady) Next() ([][]byte, uint64, error) {
	if s.next == 4*s.n {
		return nil, 0, io.EOF
	}
	patient, event := s.next/4, s.next%4
	values := s.values[s.next%2]
	values[0] = strconv.AppendInt(values[0][:0], int64(1_000_000+patient), 10)
	values[1] = append(values[1][:0], byte('a'+event))
	s.next++
	if s.more && patient%10 == 0 {
		return values, 4, nil
	}
	return values, 3, nil
}

func (s *steady) Totals() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for _, e := range []string{"a", "b", "c", "d"} {
			if !yield(e, uint64(3*s.n)) {
				return
			}
		}
	}
}

// TestMemory checks that the memory of a comparison depends on the differences
// alone, and that these take a few bytes each.
func TestMemory(t *testing.T) {
	allocated := func(n int, differ bool) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := diff.Compare("old", newSteady(n, false), "new", newSteady(n, differ))
		runtime.ReadMemStats(&after)
		if err != nil || d.Empty() == differ {
			t.Fatal(err)
		}
		runtime.KeepAlive(d)
		return after.TotalAlloc - before.TotalAlloc
	}
	if few, many := allocated(100, false), allocated(20_000, false); many > few+64<<10 {
		t.Errorf("equal results: %d bytes for 400 groups, %d for 80,000", few, many)
	}
	// A tenth of 80,000 groups, and 2,000 patients.
	if got := allocated(20_000, true); got > 8_000*4+2_000*32+128<<10 {
		t.Errorf("%d bytes for 8,000 differences", got)
	}
}
