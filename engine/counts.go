package engine

import (
	"math/bits"

	"fastcount/internal/intern"
)

// counts holds a number for each pair of a patient and an event type, which are
// small integers. It is a dense matrix, one row of stride cells for each
// patient, while the pairs that occur fill enough of it, and otherwise a hash
// table of the pairs that occur. It starts dense.
type counts struct {
	dense  []uint64 // dense[patient*stride+event]
	stride int      // a power of two
	sparse *intern.Tuples

	prefetched uint64 // stored so that loads are not optimized away
}

const (
	freeCells = 1 << 19 // cells that a dense matrix may have regardless of its pairs: 4 MiB
	sparsest  = 8       // cells that a larger one may have for each pair
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
	case c.sparse != nil && cells > densest*int64(c.sparse.Len()):
	case c.sparse == nil && cells > freeCells && cells > sparsest*int64(max(c.pairs(), patients, events)):
		c.toSparse()
	default:
		c.toDense(int(cells), stride)
	}
}

// toDense moves the counts to a matrix of the given number of cells.
func (c *counts) toDense(cells, stride int) {
	dense := make([]uint64, cells)
	c.each(func(ids []uint32, n uint64) { dense[int(ids[0])*stride+int(ids[1])] = n })
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
		c.sparse.AddOnes([][]uint32{patients, events}, len(patients))
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
		c.sparse.Add([]uint32{patient, event}, n)
		return
	}
	c.dense[int(patient)*c.stride+int(event)] += n
}

// pairs returns the number of pairs that occurred.
func (c *counts) pairs() int {
	if c.sparse != nil {
		return c.sparse.Len()
	}
	n := 0
	for _, count := range c.dense {
		if count > 0 {
			n++
		}
	}
	return n
}

// each calls f for every pair that occurred, in no particular order. f must not
// keep the ids.
func (c *counts) each(f func(ids []uint32, n uint64)) {
	if c.sparse != nil {
		c.sparse.Each(f)
		return
	}
	ids := make([]uint32, 2)
	for i, n := range c.dense {
		if n > 0 {
			ids[0], ids[1] = uint32(i/c.stride), uint32(i%c.stride)
			f(ids, n)
		}
	}
}

// drain is like each, and releases the memory of a hash table meanwhile.
func (c *counts) drain(f func(ids []uint32, n uint64)) {
	if c.sparse != nil {
		c.sparse.Drain(f)
		return
	}
	c.each(f)
}

// sorted returns the pairs of a dense matrix as the groups and counts of a
// report. patients and events are all ids, in the order that they are to have;
// a pair is written as their places in it.
func (c *counts) sorted(patients, events []uint32) (groups []uint32, numbers []uint64) {
	n := c.pairs()
	groups, numbers = make([]uint32, 2*n+2), make([]uint64, n+1) // the last one is where a pair that did not occur is written
	n = 0
	for begin := 0; begin < len(patients); begin += rowsAhead {
		batch := patients[begin:min(begin+rowsAhead, len(patients))]
		c.prefetch(batch)
		for i, patient := range batch {
			row := c.dense[int(patient)*c.stride:][:c.stride]
			for j, event := range events {
				groups[2*n], groups[2*n+1], numbers[n] = uint32(begin+i), uint32(j), row[event]
				if row[event] > 0 {
					n++
				}
			}
		}
	}
	return groups[: 2*n : 2*n], numbers[:n:n]
}

// rowsAhead is the number of rows of a dense matrix that are read together, so
// that the processor waits for them at the same time.
const rowsAhead = 64

// prefetch reads from the rows of these patients.
func (c *counts) prefetch(patients []uint32) {
	var sum uint64
	for _, patient := range patients {
		sum += c.dense[int(patient)*c.stride]
	}
	c.prefetched = sum
}

func (c *counts) toSparse() {
	sparse := intern.NewTuples(2)
	c.each(sparse.Add)
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
