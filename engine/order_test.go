package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fastcount/internal/intern"
)

// Names are sorted by all their bytes, for common prefixes of any length.
func TestSorted(t *testing.T) {
	tests := map[string][]string{
		"none":                    nil,
		"one":                     {"P1"},
		"the empty one":           {""},
		"one begins another":      {"P10", "P1", "", "P", "P1\x00", "P\x00"},
		"NULs at the end":         {"\x00\x00", "", "\x00", "\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
		"alike in eight bytes":    {"12345678z", "12345678a", "12345678", "02345678"},
		"alike in more":           {"export-2025-b", "export-2025-a", "export-2024-z", "export-2025-"},
		"bytes above 127":         {"é", "z", "\xff", "\x80", "a"},
		"alike but for the first": {"bxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxx"},
	}
	for name, names := range tests {
		t.Run(name, func(t *testing.T) { checkSorted(t, names) })
	}
	rapid.Check(t, func(t *rapid.T) {
		stem := strings.Repeat("s", rapid.IntRange(0, 10).Draw(t, "stem"))
		names := rapid.SliceOf(rapid.StringMatching(`[a-c\x00]{0,12}`)).Draw(t, "names")
		for i := range names {
			names[i] = stem + names[i]
		}
		checkSorted(t, names)
	})
}

func checkSorted(t rapid.TB, names []string) {
	t.Helper()
	table := intern.New(nil)
	for _, name := range names {
		if _, err := table.ID([]byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	got, ids := sorted(table)
	want := slices.Compact(slices.Sorted(slices.Values(names)))
	if !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for place, id := range ids {
		if string(table.Name(id)) != got[place] {
			t.Fatalf("id %d in place %d is not %q", id, place, got[place])
		}
	}
}

// A dense matrix and a sparse table give the same pairs in the same order.
func TestPairsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		patients := rapid.Permutation([]uint32{0, 1, 2, 3, 4, 5, 6}).Draw(t, "patients")
		events := rapid.Permutation([]uint32{0, 1, 2}).Draw(t, "events")
		dense, sparse := counts{}, counts{sparse: intern.NewTuples(2)}
		dense.fit(len(patients), len(events))
		want := map[string]uint64{}
		for i, p := range patients {
			for j, e := range events {
				if n := rapid.SampledFrom([]uint64{0, 1, 1 << 40}).Draw(t, "count"); n > 0 {
					dense.add(p, e, n)
					sparse.add(p, e, n)
					want[fmt.Sprint(i, j)] = n
				}
			}
		}
		var r, other Report
		r.Keys = make([][]string, 2)
		r.Groups, r.Counts = dense.sorted(patients, events)
		other.Groups, other.Counts = sortedGroups(sparse.drain, sparse.pairs(), [][]uint32{patients, events})
		if !slices.Equal(r.Groups, other.Groups) || !slices.Equal(r.Counts, other.Counts) {
			t.Fatalf("dense %v, sparse %v", r, other)
		}
		got := map[string]uint64{}
		var last []uint32
		for group, n := range r.All() {
			got[fmt.Sprint(group[0], group[1])] = n
			if slices.Compare(last, group) >= 0 {
				t.Fatalf("%v follows %v", group, last)
			}
			last = group
		}
		if !maps.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Groups are sorted in each of the ways that a groupSorter has, for columns of
// few and many values.
func TestGroupsInOrder(t *testing.T) {
	for _, values := range [][]int{{1}, {3}, {5000}, {3, 4}, {1, 1}, {2, 300}, {300, 2}, {1000, 1, 50}, {3, 100_000}, {200_000, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8}} {
		for _, rows := range []int{0, 1, fewGroups, 1000, 30_000} {
			rng := rand.New(rand.NewPCG(uint64(len(values)), uint64(rows)))
			table, want := intern.NewTuples(len(values)), map[[intern.MaxTuple]uint32]uint64{}
			ids := make([][]uint32, len(values))
			for key, n := range values {
				for _, id := range rng.Perm(n) {
					ids[key] = append(ids[key], uint32(id))
				}
			}
			for range rows {
				tuple, group := make([]uint32, len(values)), [intern.MaxTuple]uint32{}
				for key := range tuple {
					place := rng.IntN(1 + rng.IntN(values[key])) // small values are frequent
					tuple[key], group[key] = ids[key][place], uint32(place)
				}
				table.Add(tuple, 3)
				want[group] += 3
			}
			r := Report{Keys: make([][]string, len(values))}
			r.Groups, r.Counts = sortedGroups(table.Each, table.Len(), ids)
			var last []uint32
			for group, n := range r.All() {
				var key [intern.MaxTuple]uint32
				copy(key[:], group)
				if want[key] != n || slices.Compare(last, group) >= 0 {
					t.Fatalf("%v: %v with %d rows follows %v, want %d rows", values, group, n, last, want[key])
				}
				last = group
			}
			if len(r.Counts) != len(want) {
				t.Fatalf("%v: got %d groups, want %d", values, len(r.Counts), len(want))
			}
		}
	}
}

// The rows of a dense matrix are read in batches, the last of which is shorter.
func TestPairsOfManyPatientsInOrder(t *testing.T) {
	for _, n := range []uint32{0, 1, rowsAhead - 1, rowsAhead, rowsAhead + 1, 3*rowsAhead + 5} {
		patients := make([]uint32, n) // in the opposite order of their ids
		dense, sparse := counts{}, counts{sparse: intern.NewTuples(2)}
		dense.fit(int(n), 2)
		for id := range n {
			patients[n-1-id] = id
			dense.add(id, id%2, uint64(id)+1)
			sparse.add(id, id%2, uint64(id)+1)
		}
		groups, numbers := dense.sorted(patients, []uint32{1, 0})
		wantGroups, wantNumbers := sortedGroups(sparse.drain, sparse.pairs(), [][]uint32{patients, {1, 0}})
		if len(numbers) != int(n) || !slices.Equal(groups, wantGroups) || !slices.Equal(numbers, wantNumbers) {
			t.Errorf("%d patients: got %v %v, want %v %v", n, groups, numbers, wantGroups, wantNumbers)
		}
	}
}
