package intern_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"testing"

	"fastcount/internal/intern"
)

// checkTuples compares a table with the counts of its tuples.
func checkTuples(t testing.TB, table *intern.Tuples, width int, want map[string]uint64) {
	t.Helper()
	if table.Len() != len(want) {
		t.Fatalf("got %d tuples, want %d", table.Len(), len(want))
	}
	seen := map[string]bool{}
	for number := range table.Len() {
		var tuple []uint32
		for place := range width {
			tuple = append(tuple, table.ID(number, place))
		}
		key := fmt.Sprint(tuple)
		if seen[key] || table.Count(number) != want[key] {
			t.Fatalf("tuple %s: got %d, want %d; seen before: %v", key, table.Count(number), want[key], seen[key])
		}
		seen[key] = true
	}
}

// checkEach returns a function that removes tuples from want.
func checkEach(t testing.TB, want map[string]uint64) func([]uint32, uint64) {
	return func(ids []uint32, n uint64) {
		key := fmt.Sprint(ids)
		if want[key] != n {
			t.Fatalf("tuple %s: got %d, want %d", key, n, want[key])
		}
		delete(want, key)
	}
}

// randomTuples returns columns of ids below limit.
func randomTuples(rng *rand.Rand, width, rows int, limit uint32) [][]uint32 {
	columns := make([][]uint32, width)
	for c := range columns {
		columns[c] = make([]uint32, rows)
		for i := range columns[c] {
			columns[c][i] = rng.Uint32N(limit)
		}
	}
	return columns
}

// TestTuplesThatCollide counts tuples all of which have the same hash, so that
// only comparing them in full distinguishes them.
func TestTuplesThatCollide(t *testing.T) {
	const rows, distinct = 1000, 97
	for width := 3; width <= intern.MaxTuple; width++ {
		table := intern.NewTuples(width)
		table.ClearKeys()
		columns := make([][]uint32, width)
		for c := range columns {
			columns[c] = make([]uint32, rows)
		}
		want := map[string]uint64{}
		for i := range rows {
			tuple := make([]uint32, width)
			for _, c := range []int{2, 3, 6, 7} { // the factors of the hash that hold the others are 0
				if c < width {
					tuple[c] = uint32((i + c) * 7919 % distinct)
					columns[c][i] = tuple[c]
				}
			}
			want[fmt.Sprint(tuple)]++
		}
		table.AddOnes(columns, rows)
		checkTuples(t, table, width, want)
		if longest := table.LongestProbe(); longest != len(want) {
			t.Errorf("%d ids: finding a tuple visits %d slots, want %d", width, longest, len(want))
		}
	}
}

func TestTuples(t *testing.T) {
	for width := 1; width <= intern.MaxTuple; width++ {
		for _, limit := range []uint32{1, 2, 100, 1<<32 - 1} {
			rng := rand.New(rand.NewPCG(uint64(width), uint64(limit)))
			table := intern.NewTuples(width)
			for _, draining := range []bool{false, true, false} { // the others after Reset
				want := map[string]uint64{}
				for _, rows := range []int{1, 127, 128, 129, 5000} {
					columns := randomTuples(rng, width, rows, limit)
					table.AddOnes(columns, rows)
					for i := range rows {
						tuple := make([]uint32, width)
						for c := range columns {
							tuple[c] = columns[c][i]
						}
						want[fmt.Sprint(tuple)]++
						if i%50 == 0 {
							table.Add(tuple, 1<<40)
							want[fmt.Sprint(tuple)] += 1 << 40
						}
					}
				}
				checkTuples(t, table, width, want)
				table.Each(checkEach(t, maps.Clone(want)))
				if draining {
					left := maps.Clone(want)
					table.Drain(checkEach(t, left))
					checkTuples(t, table, width, nil)
					if len(left) > 0 {
						t.Fatalf("%d tuples are missing", len(left))
					}
				}
				table.Reset()
				checkTuples(t, table, width, nil)
			}
		}
	}
}

// Tuples that are equal except for one bit of one id are distinct.
func TestSimilarTuples(t *testing.T) {
	table := intern.NewTuples(intern.MaxTuple)
	want := map[string]uint64{}
	for place := range intern.MaxTuple {
		for bit := range 32 {
			var tuple [intern.MaxTuple]uint32
			tuple[place] = 1 << bit
			table.Add(tuple[:], uint64(bit+1))
			want[fmt.Sprint(tuple[:])] = uint64(bit + 1)
		}
	}
	checkTuples(t, table, intern.MaxTuple, want)
}

// A table that no longer fits in a cache, with more tuples than a chunk.
func TestManyTuples(t *testing.T) {
	const n = 300_000
	columns := make([][]uint32, 3)
	for i := range uint32(n) {
		columns[0], columns[1], columns[2] = append(columns[0], i%1000), append(columns[1], i/1000), append(columns[2], i%7)
	}
	table := intern.NewTuples(3)
	table.AddOnes(columns, len(columns[0]))
	if slots := table.Slots(); slots*3 < n*4 || slots > 2*n {
		t.Errorf("%d slots for %d tuples", slots, n)
	}
	table.AddOnes(columns, len(columns[0]))
	if table.Len() != n {
		t.Fatalf("got %d tuples", table.Len())
	}
	for i := range n {
		if table.ID(i, 0) != columns[0][i] || table.ID(i, 1) != columns[1][i] || table.ID(i, 2) != columns[2][i] || table.Count(i) != 2 {
			t.Fatalf("tuple %d is wrong", i)
		}
	}
	if p := table.LongestProbe(); p > 200 {
		t.Errorf("finding a tuple visits up to %d slots", p)
	}
}

// TestDrainReleasesMemory checks that a tuple takes memory in only one of two
// tables while one is drained into the other.
func TestDrainReleasesMemory(t *testing.T) {
	const n = 1 << 21
	table, other := intern.NewTuples(8), intern.NewTuples(8)
	for i := range uint32(n) {
		table.Add([]uint32{i, 0, 1, 2, 3, 4, 5, 6}, 1)
	}
	heap := func() uint64 {
		samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(samples)
		return samples[0].Value.Uint64()
	}
	runtime.GC()
	before, most := heap(), uint64(0)
	table.Drain(func(ids []uint32, n uint64) {
		other.Add(ids, n)
		if other.Len()%(1<<14) == 0 {
			most = max(most, heap())
		}
	})
	if other.Len() != n || table.Len() != 0 {
		t.Fatalf("%d and %d tuples", other.Len(), table.Len())
	}
	if most > before*8/5 {
		t.Errorf("two tables take up to %d MiB, one took %d", most>>20, before>>20)
	}
}

// Adding known tuples does not allocate.
func TestTuplesAllocate(t *testing.T) {
	columns := randomTuples(rand.New(rand.NewPCG(1, 2)), 5, 1000, 10)
	table := intern.NewTuples(5)
	table.AddOnes(columns, len(columns[0]))
	if n := testing.AllocsPerRun(10, func() { table.AddOnes(columns, len(columns[0])) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTuples(b *testing.B) {
	for _, width := range []int{3, 8} {
		for _, tuples := range []uint32{100, 10_000, 1_000_000} {
			b.Run(fmt.Sprintf("width=%d/tuples=%d", width, tuples), func(b *testing.B) {
				rng := rand.New(rand.NewPCG(1, 2))
				numbers := randomTuples(rng, 1, int(max(1<<14, 2*tuples)), tuples)[0]
				columns := make([][]uint32, width)
				for c := range columns {
					columns[c] = make([]uint32, len(numbers))
					for i, n := range numbers {
						columns[c][i] = n
						if c > 0 {
							columns[c][i] = n % 500
						}
					}
				}
				table := intern.NewTuples(width)
				table.AddOnes(columns, len(columns[0]))
				for b.Loop() {
					table.AddOnes(columns, len(columns[0]))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(numbers)), "ns/row")
			})
		}
	}
}
