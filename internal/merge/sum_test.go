package merge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
	"fastcount/internal/partial"
)

// inMemory returns a part in memory that cannot be split.
func inMemory(name string, data []byte) engine.Part {
	return engine.NewPart(name, func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	})
}

// randomExport returns a CSV with a number of rows.
func randomExport(seed, rows int) []byte {
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	b := []byte("patient_id,event_type\n")
	for range rows {
		b = fmt.Appendf(b, "P%d,e%d\n", r.IntN(100), r.IntN(10))
	}
	return b
}

func reportOf(t testing.TB, data []byte) *engine.Report {
	t.Helper()
	r, err := engine.Run(t.Context(), []engine.Part{inMemory("a", data)}, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// summed adds up reports that were written as partial results.
func summed(t *testing.T, limits engine.Limits, reports ...*engine.Report) (*engine.Report, error) {
	t.Helper()
	c, err := engine.NewCounter(nil, limits)
	if err != nil {
		t.Fatal(err)
	}
	total := sum{counter: c}
	for _, r := range reports {
		var b bytes.Buffer
		if err := partial.Write(&b, partial.Header{}, r); err != nil {
			t.Fatal(err)
		}
		p, err := partial.NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		if err := total.add(p); err != nil {
			return nil, err
		}
	}
	return c.Report(partial.Reports(total.parts))
}

func TestSumEqualsRun(t *testing.T) {
	one, two := randomExport(1, 500), randomExport(2, 700)
	want, err := engine.Run(t.Context(), []engine.Part{inMemory("a", one), inMemory("b", two)}, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	second := reportOf(t, two)
	second.Parts[0].Name = "b"
	got, err := summed(t, engine.Limits{}, reportOf(t, one), second)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
}

// TestDistinctCountsOfShards checks that the numbers of distinct patients are
// exact after a merge, and that those of the shards would add up to others.
func TestDistinctCountsOfShards(t *testing.T) {
	one, two := randomExport(1, 500), randomExport(2, 700)
	merged, err := summed(t, engine.Limits{}, reportOf(t, one), reportOf(t, two))
	if err != nil {
		t.Fatal(err)
	}
	all := reportOf(t, append(one, two[len("patient_id,event_type\n"):]...))
	wantFirst, wantLast := all.Distinct()
	first, last := merged.Distinct()
	if !slices.Equal(first, wantFirst) || !slices.Equal(last, wantLast) {
		t.Errorf("got %d, %d, want %d, %d", first, last, wantFirst, wantLast)
	}
	_, a := reportOf(t, one).Distinct()
	_, b := reportOf(t, two).Distinct()
	for i, n := range last {
		if a[i]+b[i] <= n {
			t.Errorf("%s: %d patients in the shards, %d in all", all.Keys[1][i], a[i]+b[i], n)
		}
	}
}

// limits are the errors about limits.
var limits = map[string]error{
	"id": engine.ErrIDTooLong, "patients": engine.ErrTooManyPatients, "events": engine.ErrTooManyEvents,
	"pairs": engine.ErrTooManyPairs, "names": engine.ErrNamesTooLarge,
}

// TestLimitsOfMerges checks that a merge may reach a limit but not exceed it,
// whether it does so in the first partial result or in a later one.
func TestLimitsOfMerges(t *testing.T) {
	count := func(rows string) *engine.Report {
		return reportOf(t, []byte("patient_id,event_type\n"+rows))
	}
	few := count("P1,a\n")
	for name, c := range map[string]struct {
		rows      string
		good, bad engine.Limits
		want      string
	}{
		"patients": {"P1,a\nP2,a\nP3,a\n", engine.Limits{Patients: 3}, engine.Limits{Patients: 2}, "patients"},
		"events":   {"P1,a\nP1,b\nP1,c\n", engine.Limits{Events: 3}, engine.Limits{Events: 2}, "events"},
		"pairs":    {"P1,a\nP1,b\nP2,a\n", engine.Limits{Pairs: 3}, engine.Limits{Pairs: 2}, "pairs"},
		"names":    {"P1,a\nP2,a\nP3,a\n", engine.Limits{NamesSize: 7}, engine.Limits{NamesSize: 6}, "names"},
		"patient":  {strings.Repeat("P", 9) + ",a\n", engine.Limits{ID: 9}, engine.Limits{ID: 8}, "id"},
		"event":    {"P1," + strings.Repeat("e", 9) + "\n", engine.Limits{ID: 9}, engine.Limits{ID: 8}, "id"},
	} {
		many := count(c.rows)
		for _, reports := range [][]*engine.Report{{many}, {many, few}, {few, many}} {
			if _, err := summed(t, c.good, reports...); err != nil {
				t.Errorf("%s: at the limit: %v", name, err)
			}
			r, err := summed(t, c.bad, reports...)
			if !errors.Is(err, limits[c.want]) {
				t.Errorf("%s: past the limit: got %v, %v", name, r, err)
			}
		}
	}
}

// Sums that do not fit into 64 bits are refused, also if the sum of each
// partial result does.
func TestMergesThatAreTooLarge(t *testing.T) {
	for _, c := range []struct {
		rows, bytes [2]uint64
		want        string
	}{
		{[2]uint64{math.MaxUint64 - 2, 2}, [2]uint64{1, 1}, ""},
		{[2]uint64{math.MaxUint64 - 2, 3}, [2]uint64{1, 1}, "sum of the partial results"},
		{[2]uint64{1, 1}, [2]uint64{math.MaxUint64 - 2, 2}, ""},
		{[2]uint64{1, 1}, [2]uint64{math.MaxUint64 - 2, 3}, "sum of the partial results"},
	} {
		var reports []*engine.Report
		for i := range c.rows {
			r := reportOf(t, fmt.Appendf(nil, "patient_id,event_type\nP%d,bp\n", i))
			r.Rows, r.Counts[0], r.Totals[0] = c.rows[i], c.rows[i], c.rows[i]
			r.Parts[0].Name, r.Parts[0].Rows, r.Parts[0].Bytes = fmt.Sprint(i), c.rows[i], c.bytes[i]
			reports = append(reports, r)
		}
		r, err := summed(t, engine.Limits{}, reports...)
		switch {
		case c.want == "" && (err != nil || r.Rows != c.rows[0]+c.rows[1] || r.Bytes != c.bytes[0]+c.bytes[1]):
			t.Errorf("%v: got %v, %v", c, r, err)
		case c.want != "" && (!errors.Is(err, engine.ErrOverflow) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: got %v, %v", c, r, err)
		}
	}
}
