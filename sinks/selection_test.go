package sinks_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

func TestMarkdownEscapes(t *testing.T) {
	for id, want := range map[string]string{
		"bp_dia": "bp_dia", "_x_": `\_x\_`, "a|b": `a\|b`, "*x*": `\*x\*`, "<b>": `\<b\>`, "`x`": "\\`x\\`", "[x](y)": `\[x\](y)`, "a\nb": `"a\\nb"`,
	} {
		got := render(t, sinks.Markdown{}, sinktest.Report(counts{id: {"e": 1}}))
		if !strings.Contains(got, "\n| "+want+" | e | 1 |\n") {
			t.Errorf("%q: got %s", id, got)
		}
	}
}

func TestTotals(t *testing.T) {
	want := "event_type,rows,patients\nbp_dia,9372,4\nbp_sys,9412,4\n"
	if got := render(t, sinks.Totals{}, sinktest.Demo()); got != want {
		t.Errorf("got %s", got)
	}
	r := sinktest.Report(counts{"a": {"x": 3}, "b": {"x": 1, "=y": 2}})
	if got := render(t, sinks.Totals{Safe: true}, r); got != "event_type,rows,patients\n'=y,2,1\nx,4,2\n" {
		t.Errorf("got %s", got)
	}
}

// TestColumnNames checks that no two columns of a format have one name.
func TestColumnNames(t *testing.T) {
	for _, tt := range []struct {
		sink sinks.Sink
		by   []string
		want string // part of the error; "" for none
	}{
		{sinks.CSV{}, []string{"count", "x"}, "key column count: has the name"},
		{sinks.NDJSON{}, []string{"x", "count"}, "key column count: has the name"},
		{sinks.CSV{}, []string{"rows"}, ""},
		{sinks.Totals{}, []string{"rows"}, "key column rows: has the name"},
		{sinks.Totals{}, []string{"rows", "x"}, "key column rows: has the name"},
		{sinks.Totals{}, []string{"x", "y", "rows"}, "key column rows: has the name"},
		{sinks.Totals{}, []string{"x", "rows", "y"}, ""},
		{sinks.Totals{}, []string{"count", "x"}, ""},
	} {
		err := tt.sink.Write(io.Discard, sinktest.ReportBy(tt.by, sinktest.Group{Values: tt.by, Count: 1}))
		if (err == nil) != (tt.want == "") || err != nil && !(errors.Is(err, sinks.ErrCountColumn) && strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%T by %q: got %v, want %q", tt.sink, tt.by, err, tt.want)
		}
		if checked := sinks.CheckKeys(tt.sink, tt.by); (checked == nil) != (err == nil) {
			t.Errorf("%T by %q: CheckKeys returned %v, Write %v", tt.sink, tt.by, checked, err)
		}
	}
}

func TestColumnNamesOfTheDefault(t *testing.T) {
	for _, s := range []sinks.Sink{sinks.CSV{}, sinks.Totals{}} {
		if err := sinks.CheckKeys(s, nil); err != nil {
			t.Errorf("%T: %v", s, err)
		}
	}
}

// TestTop compares the patients that each sink writes with a sorted list, for
// both orders and every number.
func TestTop(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	all := counts{}
	for i := range 30 {
		all[fmt.Sprintf("P%02d", i)] = map[string]uint64{"x": 1 + random.Uint64N(9), "y": 1 + random.Uint64N(9)}
	}
	r := sinktest.Report(all)
	for top := range 33 {
		for _, order := range []sinks.Order{sinks.ByName, sinks.ByCount} {
			want := strings.Join(topOf(all, order, top), " ")
			for name, got := range map[string]string{
				"csv":      shownPatients(render(t, sinks.CSV{Order: order, Top: top}, r), ""),
				"ndjson":   shownPatients(render(t, sinks.NDJSON{Order: order, Top: top}, r), `{"patient_id":"`),
				"markdown": shownPatients(render(t, sinks.Markdown{Order: order, Top: top}, r), "| "),
			} {
				if got != want {
					t.Errorf("%s, top %d, order %v: got %s, want %s", name, top, order, got, want)
				}
			}
		}
	}
}

// topOf returns the patients that an output is to contain.
func topOf(all counts, order sinks.Order, top int) (names []string) {
	total := func(name string) uint64 { return all[name]["x"] + all[name]["y"] }
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	byTotal := slices.Clone(names)
	slices.SortStableFunc(byTotal, func(a, b string) int { return int(total(b)) - int(total(a)) })
	if top > 0 {
		byTotal = byTotal[:min(top, len(byTotal))]
	}
	if order == sinks.ByName {
		slices.Sort(byTotal)
	}
	return byTotal
}

// shownPatients returns the patients of an output in their order. prefix
// precedes the id in a line.
func shownPatients(output, prefix string) string {
	var names []string
	for line := range strings.Lines(output) {
		if rest, ok := strings.CutPrefix(line, prefix+"P"); ok && !slices.Contains(names, "P"+rest[:2]) {
			names = append(names, "P"+rest[:2])
		}
	}
	return strings.Join(names, " ")
}

func TestMarkdownCountsWhatItDoesNotShow(t *testing.T) {
	got := render(t, sinks.Markdown{Top: 1}, sinktest.Demo())
	if !strings.HasSuffix(got, "\n\nNot shown: 3 patients.\n") {
		t.Errorf("got %s", got)
	}
	if got := render(t, sinks.Markdown{}, sinktest.Report(nil)); strings.Contains(got, "Not shown") {
		t.Errorf("got %s", got)
	}
}
