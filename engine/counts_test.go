package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fastcount/internal/intern"
	"fastcount/parser"
)

// The counts agree with a Go map for dense and sparse pairs in any order.
func TestCountsAgreeWithAMap(t *testing.T) {
	forms := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		var c counts
		want := map[[2]uint32]uint64{}
		patients, events := 0, 0
		for range rapid.IntRange(1, 20).Draw(t, "blocks") {
			patients += rapid.SampledFrom([]int{0, 1, 3, 1000, 5000}).Draw(t, "new patients")
			events += rapid.SampledFrom([]int{0, 1, 2, 30, 500}).Draw(t, "new events")
			if patients == 0 || events == 0 {
				continue
			}
			rows := rapid.IntRange(1, 50).Draw(t, "rows")
			p, e := make([]uint32, rows), make([]uint32, rows)
			for i := range rows {
				p[i] = uint32(rapid.IntRange(0, patients-1).Draw(t, "patient"))
				e[i] = uint32(rapid.IntRange(0, events-1).Draw(t, "event"))
				want[[2]uint32{p[i], e[i]}]++
			}
			c.fit(patients, events)
			c.addOnes(p, e)
			c.add(p[0], e[0], 1<<40)
			want[[2]uint32{p[0], e[0]}] += 1 << 40
		}
		got := map[[2]uint32]uint64{}
		c.each(func(ids []uint32, n uint64) { got[[2]uint32(ids)] += n })
		if !maps.Equal(got, want) || c.pairs() != len(want) {
			t.Fatalf("got %d pairs %v, want %v", c.pairs(), got, want)
		}
		forms[c.sparse != nil]++
	})
	if forms[true] == 0 || forms[false] == 0 {
		t.Errorf("dense %d times, sparse %d times: one was not tested", forms[false], forms[true])
	}
}

// Cells are never allocated for far more pairs than occur: 2^20 patients with
// one of 4,096 event types each.
func TestMemoryFollowsPairs(t *testing.T) {
	var c counts
	const patients, events = 1 << 20, 4096
	for p := range uint32(patients) {
		c.fit(int(p)+1, min(int(p)+1, events))
		c.add(p, p%events, 1)
	}
	if c.pairs() != patients {
		t.Errorf("got %d pairs", c.pairs())
	}
	if c.sparse == nil || c.sparse.Len() != patients {
		t.Errorf("%d dense cells for %d pairs", len(c.dense), patients)
	}
	seen := make([]bool, patients)
	c.each(func(ids []uint32, n uint64) {
		p, event := ids[0], ids[1]
		if seen[p] || event != p%events || n != 1 {
			t.Fatalf("patient %d: event %d occurs %d times, or again", p, event, n)
		}
		seen[p] = true
	})
	if slices.Contains(seen, false) {
		t.Errorf("patient %d is not counted", slices.Index(seen, false))
	}
}

// A reset removes all counts, from a small or large matrix and from a table.
func TestResetForgetsCounts(t *testing.T) {
	for name, tt := range map[string]struct {
		patients, events int
		sparse           bool
	}{
		"small matrix":           {10, 10, false},
		"largest matrix kept":    {256, 256, false},
		"large matrix":           {1000, 100, false},
		"table":                  {1 << 16, 1 << 10, true},
		"table, longer than new": {1 << 16, 1 << 12, true},
	} {
		var c counts
		for p := range uint32(tt.patients) {
			c.fit(tt.patients, tt.events)
			c.add(p, p%uint32(tt.events), 7)
		}
		if (c.sparse != nil) != tt.sparse || c.pairs() != tt.patients {
			t.Fatalf("%s: %d pairs in a table: %t", name, c.pairs(), c.sparse != nil)
		}
		c.reset()
		if c.sparse != nil || len(c.dense) > keptCells {
			t.Errorf("%s: the memory is kept", name)
		}
		c.fit(2, 2)
		c.add(1, 1, 5)
		got := map[[2]uint32]uint64{}
		c.each(func(ids []uint32, n uint64) { got[[2]uint32(ids)] += n })
		if want := map[[2]uint32]uint64{{1, 1}: 5}; !maps.Equal(got, want) || c.pairs() != 1 {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// Counts may exceed 2^32, and the ids of a pair 2^16.
func TestLargeNumbers(t *testing.T) {
	for _, c := range []counts{{}, {sparse: intern.NewTuples(2)}} {
		c.fit(70_000, 1)
		for range 3 {
			c.add(69_999, 0, 1<<62)
		}
		c.each(func(ids []uint32, n uint64) {
			if ids[0] != 69_999 || ids[1] != 0 || n != 3<<62 {
				t.Errorf("got %v, %d", ids, n)
			}
		})
	}
}

func block(t testing.TB, input string) *parser.Block {
	cfg, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	b, err := parser.NewReader(strings.NewReader(input), cfg.csv()).Next()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNoAllocationPerBlock(t *testing.T) {
	cfg, _ := Config{}.withDefaults()
	for name, events := range map[string]int{"dense": 4, "sparse": 3000} {
		var input strings.Builder
		input.WriteString("patient_id,event_type\n")
		for i := range 3000 {
			fmt.Fprintf(&input, "P%d,a longer event type number %d\n", i, i%events)
		}
		b := block(t, input.String())
		accumulator := newAccumulator(cfg)
		count := func() {
			if err := accumulator.add(b); err != nil {
				t.Fatal(err)
			}
		}
		count()
		if (accumulator.counts.sparse != nil) != (name == "sparse") {
			t.Fatalf("%s: counted the other way", name)
		}
		if n := testing.AllocsPerRun(10, count); n != 0 {
			t.Errorf("%s: %v allocations for a block", name, n)
		}
	}
}

func TestATallyCanBeUsedAgain(t *testing.T) {
	cfg, _ := Config{}.withDefaults()
	accumulator := newAccumulator(cfg)
	for _, input := range []string{"P1,a\nP2,b\n", "P2,c\n", ""} {
		accumulator.reset()
		if err := accumulator.add(block(t, "patient_id,event_type\n"+input+"P9,z\n")); err != nil {
			t.Fatal(err)
		}
		var r Report
		accumulator.fill(&r, true)
		if want := strings.Count(input, "\n") + 1; len(r.Counts) != want || r.Rows != uint64(want) {
			t.Errorf("%q: got %+v", input, r)
		}
	}
}

// Merging an accumulator that exceeds a limit fails for any destination.
func TestMergeKeepsLimits(t *testing.T) {
	cfg, _ := Config{Limits: Limits{Pairs: 1}}.withDefaults()
	total := newAccumulator(cfg)
	merge := func(row string) error {
		part := newAccumulator(cfg)
		if err := part.add(block(t, "patient_id,event_type\n"+row+"\n")); err != nil {
			t.Fatal(err)
		}
		return total.merge(part)
	}
	for range 2 {
		if err := merge("P1,a"); err != nil {
			t.Fatal(err)
		}
	}
	if total.rows != 2 {
		t.Errorf("%d rows, want 2", total.rows)
	}
	if err := merge("P1,b"); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v", err)
	}
}
