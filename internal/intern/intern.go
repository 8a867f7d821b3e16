// Package intern turns names into small integers: the first distinct name of a Table is 0, the next 1, and so on.
//
// The table is open addressing with linear probing, its length a power of two; it is at most half full, a small one an
// eighth. A name of up to 16 bytes lies in its slot, zero-padded, as two words: looking it up takes one load of 16
// bytes, a mask, a multiplication and one comparison, whatever its length. A longer name is found by its 64-bit hash
// and compared in full. Hashes are keyed, so that whoever chooses the names cannot choose where they go. Where the
// table is larger than the caches, the slots of many names are waited for together.
package intern

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// Slack is how many bytes behind data must be readable in a call of IDs. Their values do not matter.
const Slack = maxInline

// maxInline is the length of the longest name that lies in its slot.
const maxInline = 16

// minSlots is the length of a new table. It is a power of two.
const minSlots = 64

// Table holds distinct names. It is used by one goroutine at a time.
type Table struct {
	slots  []slot
	shift  int // a hash's place is its top bits: hash >> shift
	seed   maphash.Seed
	k0, k1 uint64
	admit  func(name []byte, id uint32) error

	store store // the names, by id

	hashes     [batch]uint64 // of the names that are being looked up together
	prefetched uint64        // what was read of their slots only to have it in the cache
}

// slot holds one name; the zero slot is free.
type slot struct {
	lo, hi uint64 // the name itself, or its hash and its length if it is longer than maxInline
	tag    uint32
	id     uint32
}

// tagOf returns the tag of a name: its length plus 1 in the low five bits, all above maxInline being one length, and bits
// of its hash other than those that say where its place is.
func tagOf(hash uint64, size uint32) uint32 {
	return uint32(hash)<<5 | (min(size, maxInline+1) + 1)
}

// New returns an empty table. admit is asked about each name when it is first seen, before it is kept with that id; its
// error masks the name out. nil admits everything. The table must stay below 2^31 names of less than 2^31 bytes each.
func New(admit func(name []byte, id uint32) error) *Table {
	t := &Table{seed: maphash.MakeSeed(), k0: rand.Uint64(), k1: rand.Uint64(), admit: admit}
	t.setSlots(minSlots)
	return t
}

// Len returns the number of names.
func (t *Table) Len() int { return len(t.store.ends) }

// Name returns the name with the given id. It is valid until Reset and must not be changed.
func (t *Table) Name(id uint32) []byte {
	return t.store.name(id)
}

// Reset forgets all names and masks the memory, unless most of it was not used.
func (t *Table) Reset() {
	if len(t.slots) > minSlots && t.Len() < len(t.slots)/16 {
		t.setSlots(minSlots)
	} else {
		clear(t.slots)
	}
	t.store.reset()
}

// Bytes returns the length of all names together.
func (t *Table) Bytes() int { return t.store.size }

// ID returns the id of one name.
func (t *Table) ID(name []byte) (uint32, error) {
	size := uint32(len(name))
	if size > maxInline {
		hash := maphash.Bytes(t.seed, name)
		return t.find(hash, slot{lo: hash, hi: uint64(size), tag: tagOf(hash, size)}, name)
	}
	var padded [maxInline]byte
	copy(padded[:], name)
	lo, hi := words(&padded, size)
	hash := t.hash(lo, hi, size)
	return t.find(hash, slot{lo: lo, hi: hi, tag: tagOf(hash, size)}, name)
}

// words returns a name of up to maxInline bytes, whatever follows it.
func words(name *[maxInline]byte, size uint32) (lo, hi uint64) {
	mask := &masks[size]
	return binary.LittleEndian.Uint64(name[:8]) & mask[0], binary.LittleEndian.Uint64(name[8:]) & mask[1]
}

// masks[n] masks the first n of 16 bytes, loaded as two little-endian words.
var masks = func() (k [maxInline + 1][2]uint64) {
	for n := range k {
		k[n][0] = uint64(1)<<(8*min(n, 8)) - 1 // a shift by 64 leaves 0, so all bits
		k[n][1] = uint64(1)<<(8*max(n-8, 0)) - 1
	}
	return k
}()

// hash folds the 128-bit product of the two halves of a maxInline name, each covered by a secret key, as wyhash does.
// Whoever does not know the keys can choose neither factor, so not the collisions either. The product alone maps
// names that form a progression to places that form one, which pile up for some keys: the shift and the second
// multiplication (by 2^64 divided by the golden ratio) break it.
func (t *Table) hash(lo, hi uint64, size uint32) uint64 {
	h, l := bits.Mul64(lo^t.k0, hi^t.k1^uint64(size))
	h ^= l
	return (h ^ h>>32) * 0x9e3779b97f4a7c15
}

// find returns the id of the name that is kept in a slot like want.
func (t *Table) find(hash uint64, want slot, name []byte) (uint32, error) {
	for i := hash >> t.shift; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		switch {
		case s.tag == 0:
			return t.insert(s, want, name)
		case s.tag == want.tag && s.lo == want.lo && s.hi == want.hi &&
			(len(name) <= maxInline || string(t.store.sized(s.id, len(name))) == string(name)):
			return s.id, nil
		}
	}
}

// insert masks a name that was not seen before in the free slot at.
func (t *Table) insert(at *slot, s slot, name []byte) (uint32, error) {
	if t.admit != nil {
		if err := t.admit(name, uint32(t.Len())); err != nil {
			return 0, err
		}
	}
	s.id = uint32(t.Len())
	t.store.add(name)
	*at = s
	if t.full() {
		t.grow()
	}
	return s.id, nil
}

// full reports whether another name needs more slots.
func (t *Table) full() bool {
	if len(t.slots) < maxCachedSlots {
		return 8*t.Len() > len(t.slots)
	}
	return 2*t.Len() > len(t.slots)
}

// grow doubles the slots, and makes room for the ids of as many names.
func (t *Table) grow() {
	old := t.slots
	t.setSlots(2 * len(old))
	for _, s := range old {
		if s.tag == 0 {
			continue
		}
		i := t.home(&s)
		for t.slots[i].tag != 0 {
			i = (i + 1) & uint64(len(t.slots)-1)
		}
		t.slots[i] = s
	}
	t.store.ends = slices.Grow(t.store.ends, t.Len())
}

// home returns the place where the search for the name of s begins.
func (t *Table) home(s *slot) uint64 {
	if size := s.tag&31 - 1; size <= maxInline {
		return t.hash(s.lo, s.hi, size) >> t.shift
	}
	return s.lo >> t.shift
}

func (t *Table) setSlots(n int) {
	t.slots, t.shift = make([]slot, n), 64-bits.TrailingZeros(uint(n))
}
