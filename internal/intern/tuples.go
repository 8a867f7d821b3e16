package intern

import (
	"math/bits"
	"math/rand/v2"
	"runtime/debug"
	"slices"
)

// A Tuples counts tuples of ids, such as the ids that a row's names have in
// several tables. It must not be used by several goroutines at the same time.
//
// It is a hash table with open addressing and linear probing, like [Table]. A
// slot holds 32 bits of the hash and the number of the tuple, which are
// numbered from 0 in the order in which they are first added; the ids and the
// count of a tuple are stored by its number. Hashes are keyed, and a tuple is
// compared in full. Tuples are added in batches, so that the processor waits
// for several slots at the same time.
type Tuples struct {
	width int // ids of a tuple
	words int // 64-bit words of a tuple, each of which holds two ids
	slots []tupleSlot
	shift int
	keys  [maxTupleWords]uint64

	// entries holds the words and the count of each tuple. All elements but the
	// last hold entriesOfChunk of them, so that growing copies little.
	entries [][]uint64
	n       int

	batch [batch]struct {
		words [maxTupleWords]uint64
		hash  uint64
	}
	zeros      [batch]uint32 // never changed
	prefetched uint64        // stored so that loads are not optimized away
}

// MaxTuple is the largest number of ids of a tuple.
const MaxTuple = 2 * maxTupleWords

const (
	maxTupleWords  = 4
	minTupleSlots  = 1 << 10 // of a new table; a power of two
	entriesOfChunk = 1 << 14
)

// tupleSlot is free where number is 0.
type tupleSlot struct {
	tag    uint32 // the high 32 bits of the hash, which determine the first slot
	number uint32 // of the tuple, plus 1
}

func tagOfTuple(hash uint64) uint32 { return uint32(hash >> 32) }

// NewTuples returns an empty table of tuples of width ids, at most MaxTuple. It
// holds fewer than 2^31 tuples.
func NewTuples(width int) *Tuples {
	t := &Tuples{width: width, words: (width + 1) / 2}
	for i := range t.keys {
		t.keys[i] = rand.Uint64()
	}
	t.setSlots(minTupleSlots)
	return t
}

// Len returns the number of distinct tuples.
func (t *Tuples) Len() int { return t.n }

// Count returns the count of the tuple with the given number.
func (t *Tuples) Count(number int) uint64 { return t.entry(uint32(number))[t.words] }

// ID returns the id at the given place of the tuple with the given number.
func (t *Tuples) ID(number, place int) uint32 {
	return uint32(t.entry(uint32(number))[place/2] >> (place % 2 * 32))
}

// entry returns the words and the count of a tuple.
func (t *Tuples) entry(number uint32) []uint64 {
	size := t.words + 1
	return t.entries[number/entriesOfChunk][int(number%entriesOfChunk)*size:][:size]
}

// Reset removes all tuples. It keeps the memory of the table if at least a
// sixteenth of the slots was in use.
func (t *Tuples) Reset() {
	if len(t.slots) > minTupleSlots && t.n < len(t.slots)/16 {
		t.setSlots(minTupleSlots)
	} else {
		clear(t.slots)
	}
	if len(t.entries) > 0 {
		clear(t.entries[1:])
		t.entries = t.entries[:1]
		t.entries[0] = t.entries[0][:0]
	}
	t.n = 0
}

// Each calls f with the ids and the count of each tuple, in the order of their
// numbers. f must not keep the ids, nor add tuples to t.
func (t *Tuples) Each(f func(ids []uint32, n uint64)) {
	for _, chunk := range t.entries {
		t.eachOf(chunk, f)
	}
}

// drainStep is the number of released bytes after which Drain returns memory to
// the system.
const drainStep = 64 << 20

// Drain calls f like Each, removes all tuples, and meanwhile releases their
// memory, so that what f stores in other memory takes their place.
func (t *Tuples) Drain(f func(ids []uint32, n uint64)) {
	entries, released := t.entries, 8*len(t.slots)
	t.entries, t.n = nil, 0
	t.setSlots(minTupleSlots)
	for i, chunk := range entries {
		if released >= drainStep {
			debug.FreeOSMemory()
			released = 0
		}
		t.eachOf(chunk, f)
		released += 8 * cap(chunk)
		entries[i], chunk = nil, nil
	}
}

// eachOf calls f for the tuples of one of t.entries.
func (t *Tuples) eachOf(chunk []uint64, f func(ids []uint32, n uint64)) {
	var ids [MaxTuple]uint32
	for e := range slices.Chunk(chunk, t.words+1) {
		for w, word := range e[:t.words] {
			ids[2*w], ids[2*w+1] = uint32(word), uint32(word>>32)
		}
		f(ids[:t.width], e[t.words])
	}
}

// Add adds n to the count of a tuple, which has t's width.
func (t *Tuples) Add(tuple []uint32, n uint64) {
	b := &t.batch[0]
	b.words = [maxTupleWords]uint64{}
	for i, id := range tuple[:t.width] {
		b.words[i/2] |= uint64(id) << (i % 2 * 32)
	}
	b.hash = t.hash(&b.words)
	t.find(b.hash, &b.words)[t.words] += n
}

// AddOnes adds one to the count of the tuple of columns[0][i], columns[1][i]
// and so on, for every i less than rows. It allocates only to add tuples.
func (t *Tuples) AddOnes(columns [][]uint32, rows int) {
	for begin := 0; begin < rows; begin += batch {
		end := min(begin+batch, rows)
		if t.words == 2 && len(t.slots) <= maxCachedSlots {
			fourth := t.zeros[:end-begin]
			if t.width == 4 {
				fourth = columns[3][begin:end]
			}
			t.addEach(columns[0][begin:end], columns[1][begin:end], columns[2][begin:end], fourth)
			continue
		}
		t.addBatch(columns, begin, end)
	}
}

// addEach is addBatch for tuples of two words and a table in the cache. It
// looks up one tuple after another.
func (t *Tuples) addEach(a, b, c, d []uint32) {
	b, c, d = b[:len(a)], c[:len(a)], d[:len(a)]
	for i, id := range a {
		first, second := uint64(id)|uint64(b[i])<<32, uint64(c[i])|uint64(d[i])<<32
		hash := mixed(folded(first^t.keys[0], second^t.keys[1]))
		if s := t.slots[hash>>(t.shift&63)]; s.tag == tagOfTuple(hash) && s.number > 0 {
			number := s.number - 1
			e := t.entries[number/entriesOfChunk][number%entriesOfChunk*3:]
			if e = e[:3]; e[0] == first && e[1] == second {
				e[2]++
				continue
			}
		}
		t.find(hash, &[maxTupleWords]uint64{first, second})[2]++
	}
}

func (t *Tuples) addBatch(columns [][]uint32, begin, end int) {
	for w := range t.words {
		first := columns[2*w][begin:end]
		if 2*w+1 == t.width {
			for i, id := range first {
				t.batch[i].words[w] = uint64(id)
			}
			continue
		}
		second := columns[2*w+1][begin:end]
		for i, id := range first {
			t.batch[i].words[w] = uint64(id) | uint64(second[i])<<32
		}
	}
	rows := t.batch[:end-begin]
	for i := range rows {
		rows[i].hash = t.hash(&rows[i].words)
	}
	if len(t.slots) > maxCachedSlots {
		t.prefetch(end - begin)
	}
	for i := range rows {
		r := &rows[i]
		if s := t.slots[r.hash>>(t.shift&63)]; s.tag == tagOfTuple(r.hash) && s.number > 0 {
			if e := t.entry(s.number - 1); equalWords(e, &r.words) {
				e[len(e)-1]++
				continue
			}
		}
		t.find(r.hash, &r.words)[t.words]++
	}
}

// equalWords reports whether an entry has these words.
func equalWords(entry []uint64, words *[maxTupleWords]uint64) bool {
	switch len(entry) {
	case 2:
		return entry[0] == words[0]
	case 3:
		return entry[0] == words[0] && entry[1] == words[1]
	}
	return slices.Equal(entry[:len(entry)-1], words[:len(entry)-1])
}

// prefetch reads the first slots of a batch, and then the tuples in them.
func (t *Tuples) prefetch(rows int) {
	var sum uint64
	for i := range t.batch[:rows] {
		sum += uint64(t.slots[t.batch[i].hash>>(t.shift&63)].number)
	}
	for i := range t.batch[:rows] {
		number := t.slots[t.batch[i].hash>>(t.shift&63)].number
		sum += t.entry(max(number, 1) - 1)[t.words]
	}
	t.prefetched = sum
}

// hash is like [Table.hash], of up to four words.
func (t *Tuples) hash(w *[maxTupleWords]uint64) uint64 {
	h := folded(w[0]^t.keys[0], w[1]^t.keys[1])
	if t.words > 2 {
		h ^= folded(w[2]^t.keys[2], w[3]^t.keys[3])
	}
	return mixed(h)
}

// find returns the words and the count of a tuple, which it adds if it is new.
func (t *Tuples) find(hash uint64, words *[maxTupleWords]uint64) []uint64 {
	for i := hash >> (t.shift & 63); ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if s.number == 0 {
			return t.insert(s, hash, words)
		}
		if s.tag != tagOfTuple(hash) {
			continue
		}
		if e := t.entry(s.number - 1); equalWords(e, words) {
			return e
		}
	}
}

// insert adds a tuple to the free slot at.
func (t *Tuples) insert(at *tupleSlot, hash uint64, words *[maxTupleWords]uint64) []uint64 {
	*at = tupleSlot{tagOfTuple(hash), uint32(t.n) + 1}
	last := len(t.entries) - 1
	switch {
	case last < 0:
		t.entries = append(t.entries, nil)
		last = 0
	case t.n == entriesOfChunk*(last+1):
		t.entries = append(t.entries, make([]uint64, 0, entriesOfChunk*(t.words+1)))
		last++
	}
	t.entries[last] = append(append(t.entries[last], words[:t.words]...), 0)
	t.n++
	if t.full() {
		t.grow()
	}
	return t.entry(uint32(t.n - 1))
}

// full reports whether the table must grow before another tuple is added. A
// table in the cache is at most an eighth full, so that nearly all tuples are
// in their first slot, and a larger one, to save memory, three quarters.
func (t *Tuples) full() bool {
	if len(t.slots) < maxCachedSlots {
		return 8*t.n > len(t.slots)
	}
	return 4*t.n > 3*len(t.slots)
}

// grow doubles the number of slots. Their order remains nearly the same, so
// that memory is written in order.
func (t *Tuples) grow() {
	old := t.slots
	t.setSlots(2 * len(old))
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		i := uint64(s.tag) << 32 >> t.shift
		for t.slots[i].number != 0 {
			i = (i + 1) & uint64(len(t.slots)-1)
		}
		t.slots[i] = s
	}
}

// setSlots replaces the slots by n free ones.
func (t *Tuples) setSlots(n int) {
	t.slots, t.shift = make([]tupleSlot, n), 64-bits.TrailingZeros(uint(n))
}
