package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
)

// merged adds up reports that were written as partial results.
func merged(t *testing.T, limits engine.Limits, reports ...*engine.Report) (*engine.Report, error) {
	t.Helper()
	m, err := engine.NewMerger(limits)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		p, err := engine.NewPartialReader(bytes.NewReader(writePartial(t, r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Add(p); err != nil {
			return nil, err
		}
	}
	return m.Report(m.Parts(), false), nil
}

func TestMergerAddsUp(t *testing.T) {
	one, two := export(1, 500), export(2, 700)
	want, err := engine.Run(t.Context(), []engine.Part{memory{"a", one}, memory{"b", two}}, engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	second := reportOf(t, two, engine.Config{})
	second.Parts[0].Name = "b"
	got, err := merged(t, engine.Limits{}, reportOf(t, one, engine.Config{}), second)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
}

// TestLimitsOfMerges: a merge that just keeps to a limit is done, one that goes
// over it is refused, whether the limit is reached in the first partial result or
// in a later one.
func TestLimitsOfMerges(t *testing.T) {
	count := func(rows string) *engine.Report {
		return reportOf(t, []byte("patient_id,event_type\n"+rows), engine.Config{})
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
		"names":    {"P1,a\nP2,a\nP3,a\n", engine.Limits{NamesSize: 7}, engine.Limits{NamesSize: 6}, "names-size"},
		"patient":  {strings.Repeat("P", 9) + ",a\n", engine.Limits{ID: 9}, engine.Limits{ID: 8}, "id"},
		"event":    {"P1," + strings.Repeat("e", 9) + "\n", engine.Limits{ID: 9}, engine.Limits{ID: 8}, "id"},
	} {
		many := count(c.rows)
		for _, reports := range [][]*engine.Report{{many}, {many, few}, {few, many}} {
			if _, err := merged(t, c.good, reports...); err != nil {
				t.Errorf("%s: at the limit: %v", name, err)
			}
			r, err := merged(t, c.bad, reports...)
			if limit, ok := errors.AsType[*engine.LimitError](err); !ok || limit.What != c.want {
				t.Errorf("%s: past the limit: got %v, %v", name, r, err)
			}
		}
	}
}

// Sums that do not fit into 64 bits are refused, also those of partial results
// that fit each by itself.
func TestMergesThatAreTooLarge(t *testing.T) {
	for _, c := range []struct {
		rows, bytes [2]uint64
		want        string
	}{
		{[2]uint64{math.MaxUint64 - 2, 2}, [2]uint64{1, 1}, ""},
		{[2]uint64{math.MaxUint64 - 2, 3}, [2]uint64{1, 1}, "more rows"},
		{[2]uint64{1, 1}, [2]uint64{math.MaxUint64 - 2, 2}, ""},
		{[2]uint64{1, 1}, [2]uint64{math.MaxUint64 - 2, 3}, "more bytes"},
	} {
		var reports []*engine.Report
		for i := range c.rows {
			r := keptRows(c.rows[i]).reports[0]
			r.Patients[0] = fmt.Sprint("P", i)
			r.Parts[0].Bytes = c.bytes[i]
			reports = append(reports, r)
		}
		r, err := merged(t, engine.Limits{}, reports...)
		switch {
		case c.want == "" && (err != nil || r.Rows != c.rows[0]+c.rows[1] || r.Bytes != c.bytes[0]+c.bytes[1]):
			t.Errorf("%v: got %v, %v", c, r, err)
		case c.want != "" && (!errors.Is(err, engine.ErrDamaged) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: got %v, %v", c, r, err)
		}
	}
}

func TestMergerRefusesLimits(t *testing.T) {
	if m, err := engine.NewMerger(engine.Limits{Pairs: -1}); m != nil || err == nil {
		t.Errorf("got %v, %v", m, err)
	}
}
