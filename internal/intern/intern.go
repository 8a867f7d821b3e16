// Package intern turns names into small integers: the first distinct name of a Table is 0, the next 1, and so on.
//
// The table is open addressing with linear probing, its length a power of two and at most half full. A name of up
// to 16 bytes lies in its slot, zero-padded, as two words: looking it up takes one load of 16 bytes, a mask, a
// multiplication and one comparison, whatever its length. A longer name is found by its 64-bit hash and compared
// in full. Hashes are keyed, so that whoever chooses the names cannot choose where they go.
package intern

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
)

// Slack is how many bytes behind data must be readable in a call of IDs. Their values do not matter.
const Slack = short

// short is the length of the longest name that lies in its slot.
const short = 16

// minSlots is the length of a new table. It is a power of two.
const minSlots = 64

// Table holds distinct names. It is used by one goroutine at a time.
type Table struct {
	slots  []slot
	shift  int // a hash's place is its top bits: hash >> shift
	seed   maphash.Seed
	k0, k1 uint64
	admit  func(name []byte, id uint32) error

	arena []byte // the names, one behind the other
	ends  []int  // offset in arena behind each name, by id
}

// slot holds one name; the zero slot is free.
type slot struct {
	lo, hi uint64 // the name itself, or its hash and 0 if it is longer than short
	size   uint32 // its length plus 1
	id     uint32
}

// New returns an empty table. admit is asked about each name when it is first seen, before it is kept with that id; its
// error keeps the name out. nil admits everything. The table must stay below 2^31 names of less than 2^31 bytes each.
func New(admit func(name []byte, id uint32) error) *Table {
	t := &Table{seed: maphash.MakeSeed(), k0: rand.Uint64(), k1: rand.Uint64(), admit: admit}
	t.setSlots(minSlots)
	return t
}

// Len returns the number of names.
func (t *Table) Len() int { return len(t.ends) }

// Name returns the name with the given id. It is valid until Reset and must not be changed.
func (t *Table) Name(id uint32) []byte {
	start := 0
	if id > 0 {
		start = t.ends[id-1]
	}
	return t.arena[start:t.ends[id]:t.ends[id]]
}

// Reset forgets all names and keeps the memory, unless most of it was not used.
func (t *Table) Reset() {
	if len(t.slots) > minSlots && len(t.ends) < len(t.slots)/16 {
		t.setSlots(minSlots)
	} else {
		clear(t.slots)
	}
	t.arena, t.ends = t.arena[:0], t.ends[:0]
}

// ID returns the id of one name.
func (t *Table) ID(name []byte) (uint32, error) {
	if len(name) > short {
		return t.long(name)
	}
	var padded [short]byte
	copy(padded[:], name)
	lo, hi := binary.LittleEndian.Uint64(padded[:8]), binary.LittleEndian.Uint64(padded[8:])
	return t.find(lo, hi, name)
}

// IDs writes the ids of the names data[starts[i]:ends[i]] to dst[i] for every i and returns how many it wrote:
// all of them, or with the error of admit those before the name that was not admitted. data[:len(data)+Slack]
// must lie within its capacity, and dst be as long as starts and ends. It allocates only to keep a new name.
func (t *Table) IDs(dst []uint32, data []byte, starts, ends []uint32) (int, error) {
	padded := data[:len(data)+Slack]
	ends, dst = ends[:len(starts)], dst[:len(starts)]
	for i, start := range starts {
		size := ends[i] - start
		if size > short {
			id, err := t.long(data[start:ends[i]])
			if err != nil {
				return i, err
			}
			dst[i] = id
			continue
		}
		name := padded[start : start+short]
		keep := &keeps[size]
		lo := binary.LittleEndian.Uint64(name[:8]) & keep[0]
		hi := binary.LittleEndian.Uint64(name[8:short]) & keep[1]
		s := &t.slots[t.hash(lo, hi, size)>>(t.shift&63)]
		if s.lo == lo && s.hi == hi && s.size == size+1 {
			dst[i] = s.id
			continue
		}
		id, err := t.find(lo, hi, data[start:ends[i]])
		if err != nil {
			return i, err
		}
		dst[i] = id
	}
	return len(starts), nil
}

// keeps[n] masks the first n of 16 bytes, loaded as two little-endian words.
var keeps = func() (k [short + 1][2]uint64) {
	for n := range k {
		k[n][0] = uint64(1)<<(8*min(n, 8)) - 1 // a shift by 64 leaves 0, so all bits
		k[n][1] = uint64(1)<<(8*max(n-8, 0)) - 1
	}
	return k
}()

// hash folds the 128-bit product of the two halves of a short name, each covered by a secret key, as wyhash does.
// Whoever does not know the keys can choose neither factor, so not the collisions either. The product alone maps
// names that form a progression to places that form one, which pile up for some keys: the shift and the second
// multiplication (by 2^64 divided by the golden ratio) break it.
func (t *Table) hash(lo, hi uint64, size uint32) uint64 {
	h, l := bits.Mul64(lo^t.k0, hi^t.k1^uint64(size))
	h ^= l
	return (h ^ h>>32) * 0x9e3779b97f4a7c15
}

// find returns the id of a short name, whose words are lo and hi.
func (t *Table) find(lo, hi uint64, name []byte) (uint32, error) {
	size := uint32(len(name))
	for i := t.hash(lo, hi, size) >> t.shift; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		switch {
		case s.size == 0:
			return t.insert(s, slot{lo: lo, hi: hi, size: size + 1}, name)
		case s.lo == lo && s.hi == hi && s.size == size+1:
			return s.id, nil
		}
	}
}

// long returns the id of a name of more than short bytes.
func (t *Table) long(name []byte) (uint32, error) {
	hash, size := maphash.Bytes(t.seed, name), uint32(len(name))
	for i := hash >> t.shift; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		switch {
		case s.size == 0:
			return t.insert(s, slot{lo: hash, size: size + 1}, name)
		case s.lo == hash && s.size == size+1 && string(t.Name(s.id)) == string(name):
			return s.id, nil
		}
	}
}

// insert keeps a name that was not seen before in the free slot at.
func (t *Table) insert(at *slot, s slot, name []byte) (uint32, error) {
	if t.admit != nil {
		if err := t.admit(name, uint32(len(t.ends))); err != nil {
			return 0, err
		}
	}
	s.id = uint32(len(t.ends))
	t.arena = append(t.arena, name...)
	t.ends = append(t.ends, len(t.arena))
	*at = s
	if 2*len(t.ends) > len(t.slots) {
		t.grow()
	}
	return s.id, nil
}

// grow doubles the slots.
func (t *Table) grow() {
	old := t.slots
	t.setSlots(2 * len(old))
	for _, s := range old {
		if s.size == 0 {
			continue
		}
		i := t.home(s)
		for t.slots[i].size != 0 {
			i = (i + 1) & uint64(len(t.slots)-1)
		}
		t.slots[i] = s
	}
}

// home returns the place where the search for the name of s begins.
func (t *Table) home(s slot) uint64 {
	if s.size <= short+1 {
		return t.hash(s.lo, s.hi, s.size-1) >> t.shift
	}
	return s.lo >> t.shift
}

func (t *Table) setSlots(n int) {
	t.slots, t.shift = make([]slot, n), 64-bits.TrailingZeros(uint(n))
}
