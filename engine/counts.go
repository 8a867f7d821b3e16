package engine

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// counts holds a number for each pair of a patient and an event type, which are
// small integers. It is a dense matrix, one row of stride cells for each
// patient, while the pairs that occur fill enough of it, and otherwise a hash
// table of the pairs that occur. It starts dense.
type counts struct {
	dense  []uint64 // dense[patient*stride+event]
	stride int      // a power of two
	sparse *pairTable
}

const (
	freeCells = 1 << 19 // cells that a dense matrix may have regardless of its pairs: 4 MiB
	sparsest  = 8       // cells that a larger one may have for each pair: the size of a sparse table that just grew
	densest   = 4       // cells for each pair at which a sparse table becomes dense: half of sparsest, as hysteresis
)

// fit grows c for patients × events. It must be called before each add, with
// numbers greater than all ids.
func (c *counts) fit(patients, events int) {
	if c.sparse == nil && events <= c.stride && int64(patients)*int64(c.stride) <= int64(len(c.dense)) {
		return
	}
	stride := max(c.stride, ceilPow2(events))
	cells := max(int64(ceilPow2(patients))*int64(stride), 64)
	switch {
	case c.sparse != nil && cells > densest*int64(c.sparse.used):
	case c.sparse == nil && cells > freeCells && cells > sparsest*int64(max(c.pairs(), patients, events)):
		c.toSparse()
	default:
		c.toDense(int(cells), stride)
	}
}

// toDense moves the counts to a matrix of the given number of cells.
func (c *counts) toDense(cells, stride int) {
	dense := make([]uint64, cells)
	c.each(func(patient, event uint32, n uint64) { dense[int(patient)*stride+int(event)] = n })
	*c = counts{dense: dense, stride: stride}
}

// ceilPow2 returns the smallest power of two that is at least n and at least 1.
func ceilPow2(n int) int {
	return 1 << bits.Len(uint(max(n, 1)-1))
}

// addOnes adds one to each pair (patients[i], events[i]).
func (c *counts) addOnes(patients, events []uint32) {
	events = events[:len(patients)]
	if c.sparse != nil {
		for i, p := range patients {
			c.sparse.add(p, events[i], 1)
		}
		return
	}
	dense, stride := c.dense, uint64(c.stride)
	for i, p := range patients {
		dense[uint64(p)*stride+uint64(events[i])]++
	}
}

// add adds n to one pair, after a call of fit.
func (c *counts) add(patient, event uint32, n uint64) {
	if c.sparse != nil {
		c.sparse.add(patient, event, n)
		return
	}
	c.dense[int(patient)*c.stride+int(event)] += n
}

// pairs returns the number of pairs that occurred.
func (c *counts) pairs() int {
	if c.sparse != nil {
		return c.sparse.used
	}
	n := 0
	for _, count := range c.dense {
		if count > 0 {
			n++
		}
	}
	return n
}

// each calls f for every pair that occurred, in no particular order.
func (c *counts) each(f func(patient, event uint32, n uint64)) {
	if c.sparse != nil {
		c.sparse.each(f)
		return
	}
	for i, n := range c.dense {
		if n > 0 {
			f(uint32(i/c.stride), uint32(i%c.stride), n)
		}
	}
}

// sorted returns all pairs that occurred as the groups and counts of a report.
// patients and events are all ids, in the order that they are to have; a pair
// is written as their places in it.
func (c *counts) sorted(patients, events []uint32) (groups []uint32, numbers []uint64) {
	if c.sparse != nil {
		return c.sparse.sorted(placesOf(patients), placesOf(events))
	}
	n := c.pairs()
	groups, numbers = make([]uint32, 2*n+2), make([]uint64, n+1) // the last one is where a pair that did not occur is written
	n = 0
	for i, patient := range patients {
		row := c.dense[int(patient)*c.stride:][:c.stride]
		for j, event := range events {
			groups[2*n], groups[2*n+1], numbers[n] = uint32(i), uint32(j), row[event]
			if row[event] > 0 {
				n++
			}
		}
	}
	return groups[: 2*n : 2*n], numbers[:n:n]
}

// placesOf returns, for each id, where in ids it is.
func placesOf(ids []uint32) []uint32 {
	places := make([]uint32, len(ids))
	for place, id := range ids {
		places[id] = uint32(place)
	}
	return places
}

func (c *counts) toSparse() {
	sparse := newPairTable()
	c.each(sparse.add)
	*c = counts{sparse: sparse}
}

// keptCells is the size of the largest matrix that is kept for the next part.
const keptCells = 1 << 16

// reset sets all counts to zero. A small matrix is kept, anything larger given
// back: the next part may be small.
func (c *counts) reset() {
	if c.sparse != nil || len(c.dense) > keptCells {
		*c = counts{}
		return
	}
	clear(c.dense)
}

// pairTable counts pairs in a hash table: open addressing with linear probing,
// the length a power of two, at most half full.
type pairTable struct {
	cells []pairCell
	shift int // 64 - log2(len(cells))
	used  int
	key   uint64 // odd; secret, as in package intern
}

// pairCell is free where count is 0.
type pairCell struct{ pair, count uint64 }

func newPairTable() *pairTable {
	t := &pairTable{key: rand.Uint64() | 1}
	t.setCells(1 << 10)
	return t
}

func (t *pairTable) setCells(n int) {
	t.cells, t.shift = make([]pairCell, n), 64-bits.TrailingZeros(uint(n))
}

// add adds n, more than 0, to one pair.
func (t *pairTable) add(patient, event uint32, n uint64) {
	pair := uint64(patient)<<32 | uint64(event)
	cell := t.cell(pair)
	if cell.count == 0 {
		cell.pair = pair
		t.used++
	}
	cell.count += n
	if 2*t.used > len(t.cells) {
		t.grow()
	}
}

// cell returns where pair is, or the free cell where it belongs.
func (t *pairTable) cell(pair uint64) *pairCell {
	high, low := bits.Mul64(pair^t.key, t.key)
	for i := (high ^ low) >> t.shift; ; i++ {
		c := &t.cells[i&uint64(len(t.cells)-1)]
		if c.pair == pair || c.count == 0 {
			return c
		}
	}
}

func (t *pairTable) grow() {
	old := t.cells
	t.setCells(2 * len(old))
	for _, c := range old {
		if c.count > 0 {
			*t.cell(c.pair) = c
		}
	}
}

func (t *pairTable) each(f func(patient, event uint32, n uint64)) {
	for _, c := range t.cells {
		if c.count > 0 {
			f(uint32(c.pair>>32), uint32(c.pair), c.count)
		}
	}
}

// sorted returns all pairs, sorted, as the places of patient and event, and
// their counts.
func (t *pairTable) sorted(patients, events []uint32) (groups []uint32, numbers []uint64) {
	// Pairs are put into the place of their patient first, as counting sort
	// does, and then ordered within it.
	ends := make([]int, len(patients)+1) // where the pairs of each patient end; before that, how many there are
	t.each(func(patient, _ uint32, _ uint64) { ends[patients[patient]+1]++ })
	for i := range patients {
		ends[i+1] += ends[i]
	}
	groups, numbers = make([]uint32, 2*t.used), make([]uint64, t.used)
	t.each(func(patient, event uint32, n uint64) {
		place := patients[patient]
		at := ends[place]
		groups[2*at], groups[2*at+1], numbers[at] = place, events[event], n
		ends[place]++
	})
	begin := 0
	var cells []pairCell // of one patient
	for _, end := range ends[:len(patients)] {
		cells = cells[:0]
		for i := begin; i < end; i++ {
			cells = append(cells, pairCell{uint64(groups[2*i+1]), numbers[i]})
		}
		slices.SortFunc(cells, func(a, b pairCell) int { return cmp.Compare(a.pair, b.pair) })
		for i, c := range cells {
			groups[2*(begin+i)+1], numbers[begin+i] = uint32(c.pair), c.count
		}
		begin = end
	}
	return groups, numbers
}
