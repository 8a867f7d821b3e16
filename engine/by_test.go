package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/parser"
)

// by returns key columns for names such as "a" and "t:day".
func by(names ...string) (keys []engine.KeyColumn) {
	for _, name := range names {
		column, bucket, _ := strings.Cut(name, ":")
		keys = append(keys, engine.KeyColumn{Name: name, Column: parser.Selector{Name: column}, Bucket: bucket})
	}
	return keys
}

// groupsOf returns the counts of a report by the values of its groups, joined.
// It fails the test unless the report is consistent.
func groupsOf(t *testing.T, r *engine.Report) map[string]uint64 {
	t.Helper()
	got := map[string]uint64{}
	totals := make([]uint64, len(r.Keys[len(r.Keys)-1]))
	used := make([][]bool, len(r.Keys))
	for i, values := range r.Keys {
		used[i] = make([]bool, len(values))
		if !slices.IsSorted(values) || len(slices.Compact(slices.Clone(values))) != len(values) {
			t.Errorf("values %q are not sorted", values)
		}
	}
	var last []uint32
	rows := uint64(0)
	for group, n := range r.All() {
		var values []string
		for i, index := range group {
			values = append(values, r.Keys[i][index])
			used[i][index] = true
		}
		got[strings.Join(values, "|")] = n
		if slices.Compare(last, group) >= 0 || n == 0 {
			t.Errorf("group %v with count %d follows %v", group, n, last)
		}
		last = group
		rows += n
		totals[group[len(group)-1]] += n
	}
	if rows != r.Rows || !slices.Equal(totals, r.Totals) || len(r.Groups) != len(r.Keys)*len(r.Counts) {
		t.Errorf("%d rows and totals %v; the counts add up to %d and %v", r.Rows, r.Totals, rows, totals)
	}
	for i := range used {
		if slices.Contains(used[i], false) {
			t.Errorf("a value of key column %d is in no group", i)
		}
	}
	return got
}

// randomTable returns an input with the columns a to h and t, and its rows.
func randomTable(seed uint64, n, values int) (data []byte, rows [][]string) {
	rng := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	b.WriteString("a,b,c,d,t,e,f,g,h\n")
	for range n {
		row := make([]string, 9)
		for i := range row {
			row[i] = fmt.Sprint("v", rng.IntN(1+rng.IntN(values)))
		}
		row[4] = fmt.Sprintf("2026-%02d-%02dT%02d:00:00Z", 1+rng.IntN(3), 1+rng.IntN(28), rng.IntN(24))
		rows = append(rows, row)
		if rng.IntN(50) == 0 {
			row[0] = "\"\n"
			b.WriteString("\"\"\"\n\"," + strings.Join(row[1:], ",") + "\r\n")
			continue
		}
		b.WriteString(strings.Join(row, ",") + "\n")
	}
	return b.Bytes(), rows
}

// countRows counts rows by key columns, in the obvious way.
func countRows(rows [][]string, keys ...string) map[string]uint64 {
	lengths := map[string]int{"": 100, "year": 4, "month": 7, "day": 10, "hour": 13}
	want := map[string]uint64{}
	for _, row := range rows {
		var group []string
		for _, key := range keys {
			column, bucket, _ := strings.Cut(key, ":")
			value := row[strings.Index("abcdtefgh", column)]
			group = append(group, value[:min(len(value), lengths[bucket])])
		}
		want[strings.Join(group, "|")]++
	}
	return want
}

var keyLists = [][]string{
	{"a"}, {"t:day"}, {"a", "b"}, {"a", "t:hour"}, {"t:year", "b"}, {"h", "a", "b"}, {"a", "b", "t:day"}, {"t:month", "t:hour", "t"}, {"a", "b", "c", "d"},
	{"a", "b", "c", "d", "e"}, {"a", "b", "c", "d", "t:day", "e"}, {"a", "b", "c", "d", "e", "f", "g"}, {"h", "g", "f", "t:year", "d", "c", "b", "a"},
}

func TestBy(t *testing.T) {
	for _, keys := range keyLists {
		t.Run(strings.Join(keys, ","), func(t *testing.T) {
			var all [][]string
			var parts []engine.Part
			for seed, n := range []int{3000, 1, 700, 2000} {
				data, rows := randomTable(uint64(seed), n, 3+100*(seed%2))
				all = append(all, rows...)
				parts = append(parts, plain{memory{fmt.Sprint(seed), data}})
			}
			want := countRows(all, keys...)
			var first *engine.Report
			for _, cfg := range []engine.Config{{}, {Jobs: 4, RangeSize: 5000}, {BufferSize: 700}, {MaxBadRows: 1}, engine.FuseAll(engine.Config{})} {
				cfg.By = by(keys...)
				r, err := engine.Run(t.Context(), parts, cfg)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, groupsOf(t, r)); diff != "" {
					t.Fatalf("%+v: %s", cfg, diff)
				}
				if !slices.Equal(r.By, keys) || !slices.Equal(r.KeyNames(), keys) {
					t.Errorf("By is %q", r.By)
				}
				if first == nil {
					first = r
				}
				if diff := cmp.Diff(first.Groups, r.Groups); diff != "" {
					t.Errorf("%+v: %s", cfg, diff)
				}
			}
			checkAddedUp(t, first, parts, by(keys...))
		})
	}
}

// checkAddedUp checks that the saved parts of a run, and a Counter, give want.
func checkAddedUp(t *testing.T, want *engine.Report, parts []engine.Part, by []engine.KeyColumn) {
	t.Helper()
	store := &kept{reports: map[int]*engine.Report{}}
	_, err := engine.Run(t.Context(), parts, engine.Config{By: by, Save: store.Save})
	if err != nil {
		t.Fatal(err)
	}
	delete(store.reports, 1)
	loaded, err := engine.Run(t.Context(), parts, engine.Config{By: by, Load: store.Load})
	if err != nil {
		t.Fatal(err)
	}
	c, err := engine.NewCounter(want.By, engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for i, group := range slices.Backward(slices.Collect(slices.Chunk(want.Groups, len(want.Keys)))) {
		values := make([]string, len(group))
		for k, index := range group {
			values[k] = want.Keys[k][index]
		}
		if err := c.Add(values, want.Counts[i]); err != nil {
			t.Fatal(err)
		}
	}
	added, err := c.Report(want.Parts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range loaded.Parts {
		loaded.Parts[i].Kept = false
	}
	for _, r := range []*engine.Report{loaded, added} {
		if diff := cmp.Diff(want, r); diff != "" {
			t.Error(diff)
		}
	}
}

func TestByNothing(t *testing.T) {
	for _, keys := range keyLists {
		r := reportOf(t, []byte("a,b,c,d,t,e,f,g,h\n"), engine.Config{By: by(keys...)})
		if got := groupsOf(t, r); len(got) != 0 || len(r.Keys) != len(keys) || r.Rows != 0 {
			t.Errorf("%q: got %+v", keys, r)
		}
	}
}

func TestInvalidBy(t *testing.T) {
	for _, keys := range [][]engine.KeyColumn{by("a", "a"), by(""), by("a\xff"), by("a", "b", "c", "d", "e", "f", "g", "h", "i"), by("a:week"), {{Name: "a"}}} {
		if err := (engine.Config{By: keys}).Validate(); err == nil {
			t.Errorf("%v is accepted", keys)
		}
		if c, err := engine.NewCounter([]string{"a", "a"}, engine.Limits{}); err == nil || c != nil {
			t.Errorf("got %v, %v", c, err)
		}
	}
}

// Limits of values and groups hold for every number of key columns. Those of
// patients and event types do not.
func TestLimitsBy(t *testing.T) {
	data := []byte("a,b,c\n1,1,1\n1,2,1\n1,3,1\n2,3,1\n")
	for _, tt := range []struct {
		keys   string
		limits engine.Limits
		want   error
	}{
		{"a", engine.Limits{Patients: 1, Events: 1, Values: 2, Pairs: 2}, nil},
		{"a", engine.Limits{Values: 1}, engine.ErrTooManyValues},
		{"a", engine.Limits{Pairs: 1}, engine.ErrTooManyPairs},
		{"a,b", engine.Limits{Patients: 1, Events: 1, Values: 3, Pairs: 4}, nil},
		{"a,b", engine.Limits{Values: 2}, engine.ErrTooManyValues},
		{"a,b", engine.Limits{Pairs: 3}, engine.ErrTooManyPairs},
		{"a,b,c", engine.Limits{Patients: 1, Events: 1, Values: 3, Pairs: 4, NamesSize: 6}, nil},
		{"a,b,c", engine.Limits{Values: 2}, engine.ErrTooManyValues},
		{"a,b,c", engine.Limits{Pairs: 3}, engine.ErrTooManyPairs},
		{"a,b,c", engine.Limits{NamesSize: 5}, engine.ErrNamesTooLarge},
	} {
		keys := strings.Split(tt.keys, ",")
		r, err := engine.Run(t.Context(), []engine.Part{memory{"a", data}}, engine.Config{By: by(keys...), Limits: tt.limits})
		if !errors.Is(err, tt.want) || (r == nil) != (tt.want != nil) {
			t.Errorf("by %s within %+v: got %v", tt.keys, tt.limits, err)
		}
		c, err := engine.NewCounter(keys, tt.limits)
		if err != nil {
			t.Fatal(err)
		}
		for _, values := range [][]string{{"1", "1", "1"}, {"1", "2", "1"}, {"1", "3", "1"}, {"2", "3", "1"}} {
			if err = c.Add(values[:len(keys)], 1); err != nil {
				break
			}
		}
		if err == nil {
			_, err = c.Report(nil)
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("Counter by %s within %+v: got %v", tt.keys, tt.limits, err)
		}
	}
}

// A repeated header is refused whichever columns are counted, if at least two
// of them are read.
func TestRepeatedHeaderBy(t *testing.T) {
	const rows = "a,b,c,2026-01-31\nB,x,C,2026-01-31\n"
	for keys, refused := range map[string]bool{
		"a": false, "a,b": true, "a,b,c": true, "c,a": true, "b,a,t:day": true, "a,t:day": true, "a,a2": false, "a,@name": false, "a,b,@name": true,
	} {
		list := by(strings.Split(keys, ",")...)
		for i := range list {
			switch list[i].Name {
			case "@name":
				list[i].Column = parser.Selector{Fact: "name"}
			case "a2":
				list[i].Column = parser.Selector{Name: "a"}
			}
		}
		part := factPart{memory{"a", []byte("a,b,c,t\n" + rows + " A,B,a,t\n" + rows)}}
		if refused {
			part.data = bytes.Replace(part.data, []byte(",a,t\n"), []byte(",C ,T\n"), 1)
		} else {
			part.data = bytes.Replace(part.data, []byte(",a,t\n"), []byte(",a,2026-01-31\n"), 1)
		}
		_, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{By: list})
		if refused != errors.Is(err, parser.ErrRepeatedHeader) || !refused && err != nil {
			t.Errorf("by %s: got %v", keys, err)
		}
	}
}

// factPart is a part whose name is a fact.
type factPart struct{ memory }

func (p factPart) Info() engine.PartInfo {
	return engine.PartInfo{Facts: func() map[string]string { return map[string]string{"name": p.name} }}
}

// What a server declares is checked if the columns are among the keys.
func TestDeclaredBy(t *testing.T) {
	const data = "patient_id,event_type,site,t\nP1,bp,S,2026-01-31\n"
	declared := engine.Declaration{Rows: 1, Patients: []string{"P2"}, Events: []string{"bp"}}
	for keys, mismatch := range map[string]bool{
		"site": false, "event_type": false, "patient_id": true, "site,event_type": false, "event_type,patient_id": true, "site,t:day,patient_id": true,
	} {
		d := &download{name: "d", declared: declared, attempts: []io.Reader{strings.NewReader(data)}}
		_, err := engine.Run(t.Context(), []engine.Part{d}, engine.Config{By: by(strings.Split(keys, ",")...)})
		if errors.Is(err, engine.ErrMismatch) != mismatch || !mismatch && err != nil {
			t.Errorf("by %s: got %v", keys, err)
		}
	}
}

// Rows without a time are left out, and listed, if that is allowed.
func TestBadTimes(t *testing.T) {
	data := []byte("a,t\nx,2026-01-31\ny,\nz\nx,2026-13-01\nx,2026-02-01\n")
	cfg := engine.Config{By: by("a", "t:month")}
	if _, err := engine.Run(t.Context(), []engine.Part{memory{"p", data}}, cfg); !errors.Is(err, parser.ErrInvalidTime) {
		t.Errorf("got %v", err)
	}
	cfg.MaxBadRows, cfg.KeepBadRows = 3, true
	r := reportOf(t, data, cfg)
	if got := groupsOf(t, r); !maps.Equal(got, map[string]uint64{"x|2026-01": 1, "x|2026-02": 1}) {
		t.Errorf("got %v", got)
	}
	if len(r.BadRows) != 3 || string(r.BadRows[2].Record) != "x,2026-13-01" || r.BadRows[2].Err.Line != 5 {
		t.Errorf("got %+v", r.BadRows)
	}
	if got, want := fmt.Sprint(r.Incomplete), "[a: 1 row with a wrong number of fields and 2 rows without a valid time left out]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
