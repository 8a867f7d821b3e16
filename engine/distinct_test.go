package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDistinct compares the distinct counts of random reports with sets, for
// one to five keys.
func TestDistinct(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for k := 1; k <= 5; k++ {
		for range 50 {
			r := randomReport(random, k)
			first, last := make([]map[uint32]bool, len(r.Keys[0])), make([]map[uint32]bool, len(r.Keys[k-1]))
			for group := range r.All() {
				put(first, group[0], group[k-1])
				put(last, group[k-1], group[0])
			}
			gotFirst, gotLast := r.Distinct()
			if want := sizes(first); !slices.Equal(gotFirst, want) {
				t.Errorf("%d keys: by first key: got %d, want %d", k, gotFirst, want)
			}
			if want := sizes(last); !slices.Equal(gotLast, want) {
				t.Errorf("%d keys: by last key: got %d, want %d", k, gotLast, want)
			}
		}
	}
}

// randomReport returns the keys and groups of a report with k keys.
func randomReport(random *rand.Rand, k int) *Report {
	r := &Report{Keys: make([][]string, k)}
	for i := range r.Keys {
		r.Keys[i] = []string{"a", "b", "c", "d"}[:1+random.IntN(4)]
	}
	group := make([]uint32, k)
	for more := true; more; more = next(group, r.Keys) {
		if random.IntN(3) > 0 {
			r.Groups = append(r.Groups, group...)
			r.Counts = append(r.Counts, 1+random.Uint64N(9))
		}
	}
	return r
}

// next sets group to the next one in order, and reports whether there is one.
func next(group []uint32, keys [][]string) bool {
	for i := len(group) - 1; i >= 0; i-- {
		if group[i]++; int(group[i]) < len(keys[i]) {
			return true
		}
		group[i] = 0
	}
	return false
}

func put(sets []map[uint32]bool, i, value uint32) {
	if sets[i] == nil {
		sets[i] = make(map[uint32]bool)
	}
	sets[i][value] = true
}

func sizes(sets []map[uint32]bool) (n []int) {
	for _, set := range sets {
		n = append(n, len(set))
	}
	return n
}
