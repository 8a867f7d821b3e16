package result_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fastcount/engine"
	"fastcount/internal/partial"
	"fastcount/internal/result"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

// group is a group of a result as text.
type group struct {
	Values []string
	Count  uint64
}

// groups is what Reader and Report have in common.
type groups interface {
	Next() ([][]byte, uint64, error)
}

// readAll reads all groups.
func readAll(r groups) (all []group, err error) {
	for {
		values, n, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		g := group{Count: n}
		for _, v := range values {
			g.Values = append(g.Values, string(v))
		}
		all = append(all, g)
	}
}

// read reads a result.
func read(in io.Reader) (*result.Reader, []group, error) {
	r, err := result.NewReader(in)
	if err != nil {
		return nil, nil, err
	}
	all, err := readAll(r)
	return r, all, err
}

// written returns a report in every format that can be read.
func written(t rapid.TB, r *engine.Report) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	for name, write := range map[string]func(io.Writer) error{
		"json":    func(w io.Writer) error { return sinks.JSON{}.Write(w, r) },
		"compact": func(w io.Writer) error { return sinks.JSON{Compact: true}.Write(w, r) },
		"ndjson":  func(w io.Writer) error { return sinks.NDJSON{}.Write(w, r) },
		"csv":     func(w io.Writer) error { return sinks.CSV{}.Write(w, r) },
		"partial": func(w io.Writer) error { return partial.Write(w, partial.Header{By: r.By}, withParts(r)) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = b.Bytes()
	}
	return all
}

// withParts returns a complete report with one part that has all rows.
func withParts(r *engine.Report) *engine.Report {
	c := *r
	c.Incomplete = nil
	c.Parts = []engine.PartReport{{Name: "p", Rows: r.Rows, Attempts: 1}}
	return &c
}

// checkFormats checks that a report is read from each format as it is.
func checkFormats(t rapid.TB, r *engine.Report) {
	t.Helper()
	want, err := readAll(result.OfReport(r))
	if err != nil {
		t.Fatal(err)
	}
	totals := map[string]uint64{}
	if len(r.Keys) > 1 && len(want) > 0 {
		totals = maps.Collect(result.OfReport(r).Totals())
	}
	for name, text := range written(t, r) {
		for _, in := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text)), iotest.DataErrReader(bytes.NewReader(text))} {
			got, all, err := read(in)
			if name == "ndjson" && len(want) == 0 {
				if _, ok := errors.AsType[*result.NotResultError](err); !ok {
					t.Errorf("%s without rows: %v", name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if diff := cmp.Diff(want, all); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if !slices.Equal(got.Keys(), r.KeyNames()) || got.Incomplete() != nil {
				t.Errorf("%s: keys %q, incomplete %q", name, got.Keys(), got.Incomplete())
			}
			if diff := cmp.Diff(totals, maps.Collect(got.Totals())); diff != "" {
				t.Errorf("%s: totals: %s", name, diff)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	for _, s := range sinktest.Samples() {
		t.Run(s.Name, func(t *testing.T) { checkFormats(t, s.Report) })
	}
}

func TestRandomReports(t *testing.T) {
	ids := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom([]rune("ab\",\n\r\\{}é\u2028")), 0, 4, -1), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 8).Draw(t, "k")
		by := []string{"a", "b", "patients", "by", "incomplete", "e,f", "g\"", "h\u2028"}[:k]
		if k == 2 && rapid.Bool().Draw(t, "default") {
			by = nil
		}
		values := rapid.SliceOfN(ids, k, k)
		distinct := rapid.SliceOfNDistinct(values, 0, 12, func(v []string) string { return fmt.Sprintf("%q", v) }).Draw(t, "groups")
		var groups []sinktest.Group
		for _, v := range distinct {
			groups = append(groups, sinktest.Group{Values: v, Count: rapid.Uint64Range(1, 1<<50).Draw(t, "rows")})
		}
		checkFormats(t, sinktest.ReportBy(by, groups...))
	})
}

// Values may be as long as the limits of a count allow, not only as long as
// their defaults.
func TestLongValues(t *testing.T) {
	checkFormats(t, sinktest.ReportBy([]string{"a", "b"},
		sinktest.Group{Values: []string{strings.Repeat("a\n", 2000), "x"}, Count: 1},
		sinktest.Group{Values: []string{"b", strings.Repeat("y", 2<<20)}, Count: 2}))
}

func TestIncomplete(t *testing.T) {
	r := sinktest.Incomplete()
	for name, s := range map[string]sinks.Sink{"json": sinks.JSON{}, "compact": sinks.JSON{Compact: true}, "ndjson": sinks.NDJSON{}} {
		var b bytes.Buffer
		if err := s.Write(&b, r); err != nil {
			t.Fatal(err)
		}
		got, all, err := read(&b)
		if err != nil || len(all) != 8 || len(got.Incomplete()) != 3 {
			t.Fatalf("%s: %v, %d groups, %q", name, err, len(all), got.Incomplete())
		}
		if text := got.Incomplete()[1]; text != "ward-2.csv: 18784 rows counted, 18785 declared by the server's metadata" {
			t.Errorf("%s: %q", name, text)
		}
	}
	if got := result.OfReport(r).Incomplete(); len(got) != 3 {
		t.Errorf("report: %q", got)
	}
}

// The partial result of a shard is incomplete unless it covers the whole job.
func TestShards(t *testing.T) {
	for _, c := range []struct {
		covers []partial.Interval
		want   int
	}{
		{[]partial.Interval{{0, 10}}, 0},
		{[]partial.Interval{{0, 5}}, 1},
		{[]partial.Interval{{0, 3}, {5, 10}}, 1},
	} {
		var b bytes.Buffer
		if err := partial.Write(&b, partial.Header{Label: "3/64", Covers: c.covers, Total: 10}, withParts(sinktest.Demo())); err != nil {
			t.Fatal(err)
		}
		got, _, err := read(&b)
		if err != nil || len(got.Incomplete()) != c.want {
			t.Errorf("%v: %v, %q", c.covers, err, got.Incomplete())
		}
	}
	var b bytes.Buffer
	if err := partial.Write(&b, partial.Header{Label: "3/64", Covers: []partial.Interval{{0, 1<<62 - 1}}, Total: 1 << 62}, withParts(sinktest.Demo())); err != nil {
		t.Fatal(err)
	}
	got, _, err := read(&b)
	if want := "[shard 3/64: covers 99.99% of its job]"; err != nil || fmt.Sprint(got.Incomplete()) != want {
		t.Errorf("almost all: %v, got %q, want %s", err, got.Incomplete(), want)
	}
}

// Ids of a partial result that may hold any bytes are escaped as in a report,
// unless that changes their order.
func TestEscapedIDs(t *testing.T) {
	encode := func(lines string, pairs, rows int) io.Reader {
		var b bytes.Buffer
		w, err := partial.NewWriter(&b, partial.Header{EscapeIDs: true})
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(lines) {
			id := strings.TrimSuffix(line, "\n")
			if err := w.Add([]string{id, "e"}, 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close([]partial.Part{{Name: "p", Rows: uint64(rows), Attempts: 1}}); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	_, all, err := read(encode("b\n\xff\n", 2, 2))
	if !errors.Is(err, result.ErrEscaped) {
		t.Errorf("order changes: %v, %v", all, err)
	}
	_, all, err = read(encode("A\n\\\\\n\\\xff\n", 3, 3))
	want := []string{"A", `\\\\`, `\\\xff`}
	for i, g := range all {
		if err != nil || g.Values[0] != want[i] {
			t.Errorf("got %q, want %q, %v", g.Values[0], want[i], err)
		}
	}
}

func TestNumberOfKeys(t *testing.T) {
	for _, c := range []struct {
		text string
		keys int
		want string
	}{
		{`{"by":["e"],"counts":{"a":1,"b":2},"total":3}`, 1, "a=1 b=2"},
		{`{"by":["e"],"counts":{},"total":0}`, 1, ""},
		{`{"by":["p","e","d"],"counts":{"a":{"b":{"c":1,"d":2}},"b":{"a":{"x":4}}},"total":7}`, 3, "a,b,c=1 a,b,d=2 b,a,x=4"},
		{"{ \"by\" : [ \"p\" , \"e\" ] ,\n\"counts\" : { \"a\" : { \"b\" : 1 } } , \"total\" : 1 , \"incomplete\" : [ { \"source\" : \"x\" , \"reason\" : \"y\" } ] } \n", 2, "a,b=1"},
		{"{\"e\":\"a\",\"count\":1}\n{\"e\":\"b\",\"count\":2}\n", 1, "a=1 b=2"},
		{"\ufeff{\"by\":[\"e\"],\"counts\":{\"a\":1},\"total\":1}", 1, "a=1"},
		{"\ufeff \n{\"e\":\"a\",\"count\":1}\n", 1, "a=1"},
		{"{\"p\":\"a\",\"e\":\"b\",\"d\":\"c\",\"count\":1}\r\n", 3, "a,b,c=1"},
		{"{\"by\":\"a\",\"count\":1}\n", 1, "a=1"},
		{"{\"patients\":\"a\",\"count\":1}\n", 1, "a=1"},
		{"{\"incomplete\":\"a\",\"count\":1}\n{\"incomplete\":\"b\",\"count\":1}\n{\"incomplete\":[{\"source\":\"x\",\"reason\":\"y\"}]}\n", 1, "a=1 b=1"},
		{"e,count\na,1\nb,2\n", 1, "a=1 b=2"},
		{"a,b,c,d,e,f,g,h,count\n1,2,3,4,5,6,7,8,9\n", 8, "1,2,3,4,5,6,7,8=9"},
		{`{"by":["e"],"counts":{"\u0041\ud83d\ude00\n\/":1},"total":1}`, 1, "A😀\n/=1"},
	} {
		r, all, err := read(strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		var got []string
		for _, g := range all {
			got = append(got, fmt.Sprintf("%s=%d", strings.Join(g.Values, ","), g.Count))
		}
		if text := strings.Join(got, " "); text != c.want || len(r.Keys()) != c.keys {
			t.Errorf("%q: got %q, %d keys", c.text, text, len(r.Keys()))
		}
	}
}

// Reports of other key columns are read from each format that has them, as
// they are.
func TestReportsOfOtherKeys(t *testing.T) {
	one := &engine.Report{By: []string{"e"}, Keys: [][]string{{"a", "b"}}, Groups: []uint32{0, 1}, Counts: []uint64{3, 4}, Totals: []uint64{3, 4}, Rows: 7}
	three := &engine.Report{
		By: []string{"p", "e", "d"}, Keys: [][]string{{"P", "Q"}, {"e"}, {"1", "2"}},
		Groups: []uint32{0, 0, 0, 0, 0, 1, 1, 0, 1}, Counts: []uint64{1, 2, 3}, Totals: []uint64{1, 5}, Rows: 6,
	}
	for want, r := range map[string]*engine.Report{"[{[a] 3} {[b] 4}]": one, "[{[P e 1] 1} {[P e 2] 2} {[Q e 2] 3}]": three} {
		got, err := readAll(result.OfReport(r))
		if err != nil || fmt.Sprint(got) != want || !slices.Equal(result.OfReport(r).Keys(), r.By) {
			t.Errorf("%v: got %v, want %s", err, got, want)
		}
	}
}

// TestMemory checks that the memory of a reader does not depend on the number
// of groups.
func TestMemory(t *testing.T) {
	few, many := written(t, sinktest.Large(100, 50)), written(t, sinktest.Large(2000, 50))
	for _, format := range []string{"json", "compact", "ndjson", "csv"} {
		allocations := func(text []byte) float64 {
			return testing.AllocsPerRun(1, func() {
				if _, err := drain(text); err != nil {
					t.Fatalf("%s: %v", format, err)
				}
			})
		}
		if a, b := allocations(few[format]), allocations(many[format]); b > a+20 {
			t.Errorf("%s: %v allocations for 5,000 groups, %v for 100,000", format, a, b)
		}
	}
}

// drain reads a result and returns the number of its groups.
func drain(text []byte) (n int, err error) {
	r, err := result.NewReader(bytes.NewReader(text))
	for ; err == nil; n++ {
		_, _, err = r.Next()
	}
	if err == io.EOF {
		return n - 1, nil
	}
	return n, err
}

// TestNamesLikeOtherFormats checks that a format is recognized although the
// name of the first key column begins as another format does.
func TestNamesLikeOtherFormats(t *testing.T) {
	for _, name := range []string{
		"{x", "{", "{}", "{ }x", " {x", "{\n", "{ \t", `{"x`, `{"fastcount":`, "[x", "[", "| x", "|", "<html", "<!doctype html>", "\ufeff", "\ufeff{x", "count;count",
		strings.Repeat(" ", 100) + "{x",
	} {
		for _, by := range [][]string{{name}, {name, "b"}, {name, "rows", "old"}} {
			values := []string{`"`, "{", "x"}[:len(by)]
			report := sinktest.ReportBy(by, sinktest.Group{Values: values, Count: 7})
			want := []group{{values, 7}}
			for format, data := range written(t, report) {
				r, got, err := read(bytes.NewReader(data))
				if err != nil || cmp.Diff(want, got) != "" || !slices.Equal(r.Keys(), by) {
					t.Errorf("%s by %q: got %v, %v", format, by, got, err)
				}
			}
		}
	}
}
