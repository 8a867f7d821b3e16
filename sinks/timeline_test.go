package sinks

import (
	"fmt"
	"slices"
	"testing"

	"fastcount/engine"
)

// report returns a report by one key column, with a row of each value.
func report(name string, values ...string) *engine.Report {
	r := &engine.Report{By: []string{name}, Keys: [][]string{values}, Rows: uint64(len(values))}
	for i := range values {
		r.Groups, r.Counts, r.Totals = append(r.Groups, uint32(i)), append(r.Counts, 1), append(r.Totals, 1)
	}
	return r
}

// TestTimelineNumbers checks that adjacent times are adjacent in a chart, also
// over the ends of months and years, and that gaps are as long as they are.
func TestTimelineNumbers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []string
		want   []int64
	}{
		{"t:year", []string{"1999", "2000", "2003"}, []int64{0, 1, 4}},
		{"t:month", []string{"2025-11", "2025-12", "2026-01", "2027-01"}, []int64{0, 1, 2, 14}},
		{"t:month", []string{"202511", "202601"}, []int64{0, 2}},
		{"t:day", []string{"2024-02-28", "2024-02-29", "2024-03-01", "2025-03-01"}, []int64{0, 1, 2, 367}},
		{"t:day", []string{"1969-12-31", "1970-01-01"}, []int64{0, 1}},
		{"t:day", []string{"2026-01-31", "2026-02-01", "20260131", "20260201"}, []int64{0, 1, 0, 1}},
		{"t:hour", []string{"2026-01-31T22", "2026-01-31T23", "2026-02-01T01"}, []int64{0, 1, 3}},
		{"t:hour", []string{"2026-01-31 22", "20260131T23", "20260201 00"}, []int64{0, 1, 2}},
	} {
		line := newTimeline(report(tt.name, tt.values...), 0)
		if line == nil {
			t.Errorf("%q: there is no chart", tt.values)
			continue
		}
		var got []int64
		for _, i := range line.times {
			got = append(got, line.offsets[i])
		}
		if !slices.Equal(got, tt.want) || line.span != tt.want[len(tt.want)-1]+1 {
			t.Errorf("%q: got %d in %d, want %d", tt.values, got, line.span, tt.want)
		}
	}
}

// TestNoTimeline has keys of which there is no chart.
func TestNoTimeline(t *testing.T) {
	for name, values := range map[string][]string{
		"day":    {"2026-01-01", "2026-01-02"}, // a column of that name
		"t:week": {"2026-01-01", "2026-01-02"},
		"t:day":  {"2026-01-01", "x"},
		"u:day":  {"2026-01-01"},
		"v:day":  {"1000-01-01", "2026-01-01"},
		"w:hour": {"2026-01-01T24", "2026-01-01T25"},
	} {
		if newTimeline(report(name, values...), 0) != nil {
			t.Errorf("%s, %q: there is a chart", name, values)
		}
	}
}

// TestTimelinePath checks the columns of a chart: their places, and their
// heights, of which the largest is 100.
func TestTimelinePath(t *testing.T) {
	line := newTimeline(report("t:day", "2026-01-01", "2026-01-03", "2026-01-04"), 0)
	got := string(line.path([]uint64{50, 0, 200}, 200))
	if want := "M0 100v-25.0h1v25.0zM3 100v-100.0h1v100.0z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(line.path([]uint64{1, 1, 1_000_000}, 1_000_000)); got[:10] != "M0 100v-2." {
		t.Errorf("a small column is not visible: %s", got)
	}
}

// TestNumberOfMissingBuckets walks over some years by the hour.
func TestNumberOfMissingBuckets(t *testing.T) {
	var values []string
	for day := 1; day <= 28; day++ {
		for hour := range 24 {
			values = append(values, fmt.Sprintf("2026-02-%02dT%02d", day, hour))
		}
	}
	if line := newTimeline(report("t:hour", values...), 0); line.span != int64(len(values)) {
		t.Errorf("%d buckets, want %d", line.span, len(values))
	}
}
