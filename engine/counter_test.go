package engine_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fastcount/engine"
)

// A Counter gives the result of Run, for any order of the pairs.
func TestCounterEqualsRun(t *testing.T) {
	want := reportOf(t, export(1, 2000), engine.Config{})
	c, err := engine.NewCounter(nil, engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range slices.Backward(want.Counts) {
		values := []string{want.Keys[0][want.Groups[2*i]], want.Keys[1][want.Groups[2*i+1]]}
		for _, n := range []uint64{1, want.Counts[i] - 1} {
			if n == 0 {
				continue
			}
			if err := c.Add(values, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := c.Report(want.Parts)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
}

func TestCounterLimits(t *testing.T) {
	if c, err := engine.NewCounter(nil, engine.Limits{Pairs: -1}); c != nil || err == nil {
		t.Errorf("negative limit: got %v, %v", c, err)
	}
	c, err := engine.NewCounter(nil, engine.Limits{Pairs: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Add([]string{"P", "a"}, 1), c.Add([]string{"P", "b"}, 1)); err != nil {
		t.Fatal(err)
	}
	r, err := c.Report(nil)
	if !errors.Is(err, engine.ErrTooManyPairs) || r != nil {
		t.Errorf("two pairs: got %v, %v", r, err)
	}
}

// Adding a group whose values are known allocates nothing: the garbage would
// add to the memory of a merge.
func TestCounterAllocations(t *testing.T) {
	c, err := engine.NewCounter(nil, engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	groups := [][]string{{"P1", "a"}, {"P2", "a longer name than a slot holds"}}
	n := testing.AllocsPerRun(100, func() {
		for _, g := range groups {
			if err := c.Add(g, 1); err != nil {
				t.Error(err)
			}
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// The number of rows never wraps around.
func TestCounterOverflow(t *testing.T) {
	c, err := engine.NewCounter(nil, engine.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Add([]string{"P", "a"}, math.MaxUint64); err != nil {
		t.Fatal(err)
	}
	if err := c.Add([]string{"P", "b"}, 1); err == nil {
		t.Error("no error")
	}
}
