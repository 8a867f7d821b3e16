// Package intern assigns small integers, called ids, to names. The first
// distinct name that a [Table] sees has id 0, the next one 1, and so on.
//
// A Table is a hash table with open addressing and linear probing. Its length
// is a power of two. It is at most half full; a table that fits in the
// second-level cache is at most an eighth full, so that nearly all of its names
// are in their first slot.
//
// A name of up to 16 bytes is stored in its slot, padded with zeros, as two
// words. Finding it takes a load of 16 bytes, a mask, a multiplication and a
// comparison. A longer name is found by its 64-bit hash and then compared in
// full. Hashes are keyed, so that the author of an input cannot choose names
// that collide. In a large table, names are looked up in batches, so that the
// processor waits for several slots at the same time.
package intern

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// Slack is the number of bytes after data that must be readable during a call
// of [Table.IDs]. Their values do not affect the result.
const Slack = maxInline

// maxInline is the length of the longest name that is stored in its slot.
const maxInline = 16

// minSlots is the length of a new table. It is a power of two.
const minSlots = 64

// A Table holds distinct names. It must not be used by several goroutines at
// the same time.
type Table struct {
	slots  []slot
	shift  int // hash >> shift is the index of the first slot of a name
	seed   maphash.Seed
	k0, k1 uint64
	admit  func(name []byte, id uint32) error

	store store // the names by id

	hashes     [batch]uint64 // of the names of a batch
	prefetched uint64        // result of prefetch, stored so that its loads are not optimized away
}

// slot holds one name. The zero slot is free.
type slot struct {
	lo, hi uint64 // the name, or its hash and length if it is longer than maxInline
	tag    uint32
	id     uint32
}

// tagOf returns the tag of a name. Its low five bits are the length plus 1,
// where all lengths greater than maxInline are the same. The other bits are
// bits of the hash that do not determine the first slot.
func tagOf(hash uint64, size uint32) uint32 {
	return uint32(hash)<<5 | (min(size, maxInline+1) + 1)
}

// New returns an empty table. If admit is not nil, the table calls it with each
// new name and its id before adding the name. If admit returns an error, the
// name is not added. A table holds fewer than 2^31 names of fewer than 2^31
// bytes each.
func New(admit func(name []byte, id uint32) error) *Table {
	t := &Table{seed: maphash.MakeSeed(), k0: rand.Uint64(), k1: rand.Uint64(), admit: admit}
	t.setSlots(minSlots)
	return t
}

// Len returns the number of names.
func (t *Table) Len() int { return len(t.store.ends) }

// Name returns the name with the given id. It is valid until Reset. The caller
// must not modify it.
func (t *Table) Name(id uint32) []byte {
	return t.store.name(id)
}

// keptSlots is the length of the largest table that Reset keeps in any case.
const keptSlots = 256

// Reset removes all names. It keeps the memory of the table if that is small or
// at least a sixteenth of the slots was in use.
func (t *Table) Reset() {
	if len(t.slots) > keptSlots && t.Len() < len(t.slots)/16 {
		t.setSlots(minSlots)
	} else {
		clear(t.slots)
	}
	t.store.reset()
}

// Freeze releases the memory that finding names takes. Only Len, Name and Bytes
// may be called afterwards.
func (t *Table) Freeze() { t.slots = nil }

// Bytes returns the total length of all names.
func (t *Table) Bytes() int { return t.store.size }

// ID returns the id of a name, which it adds to the table if it is new.
func (t *Table) ID(name []byte) (uint32, error) {
	s, hash := t.slotOf(name)
	return t.find(hash, s, name)
}

// Find returns the id of a name, and reports whether the table holds it.
func (t *Table) Find(name []byte) (id uint32, ok bool) {
	want, hash := t.slotOf(name)
	for i := hash >> t.shift; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if s.tag == 0 || t.holds(s, want, name) {
			return s.id, s.tag != 0
		}
	}
}

// slotOf returns the slot of a name, apart from the id, and its hash.
func (t *Table) slotOf(name []byte) (s slot, hash uint64) {
	size := uint32(len(name))
	if size > maxInline {
		hash = maphash.Bytes(t.seed, name)
		return slot{lo: hash, hi: uint64(size), tag: tagOf(hash, size)}, hash
	}
	var padded [maxInline]byte
	copy(padded[:], name)
	lo, hi := words(&padded, size)
	hash = t.hash(lo, hi, size)
	return slot{lo: lo, hi: hi, tag: tagOf(hash, size)}, hash
}

// holds reports whether s holds name, whose slot, apart from the id, is want.
func (t *Table) holds(s *slot, want slot, name []byte) bool {
	return s.tag == want.tag && s.lo == want.lo && s.hi == want.hi &&
		(len(name) <= maxInline || string(t.store.sized(s.id, len(name))) == string(name))
}

// words returns the first size bytes of name as two words, padded with zeros.
func words(name *[maxInline]byte, size uint32) (lo, hi uint64) {
	mask := &masks[size]
	return binary.LittleEndian.Uint64(name[:8]) & mask[0], binary.LittleEndian.Uint64(name[8:]) & mask[1]
}

// masks[n] selects the first n of 16 bytes, loaded as two little-endian words.
var masks = func() (k [maxInline + 1][2]uint64) {
	for n := range k {
		k[n][0] = uint64(1)<<(8*min(n, 8)) - 1 // a shift by 64 yields 0, so all bits are set
		k[n][1] = uint64(1)<<(8*max(n-8, 0)) - 1
	}
	return k
}()

// hash returns the hash of a name of at most maxInline bytes.
func (t *Table) hash(lo, hi uint64, size uint32) uint64 {
	return mixed(folded(lo^t.k0, hi^t.k1^uint64(size)))
}

// folded returns the 128-bit product of two words, folded. Like wyhash, hashes
// are made of words that are each combined with a secret key. Without the keys
// nobody can choose a factor, and therefore no collisions.
func folded(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// mixed returns the hash of which h is the folded product. For some keys the
// product alone maps names in arithmetic progression to slots in arithmetic
// progression, which collide. The shift and the multiplication by 2^64 divided
// by the golden ratio prevent that.
func mixed(h uint64) uint64 { return (h ^ h>>32) * 0x9e3779b97f4a7c15 }

// find returns the id of the name whose slot, apart from the id, is want. It
// adds the name if it is new.
func (t *Table) find(hash uint64, want slot, name []byte) (uint32, error) {
	for i := hash >> t.shift; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		switch {
		case s.tag == 0:
			return t.insert(s, want, name)
		case t.holds(s, want, name):
			return s.id, nil
		}
	}
}

// insert adds a name to the free slot at.
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

// full reports whether the table must grow before another name is added.
func (t *Table) full() bool {
	if len(t.slots) < maxCachedSlots {
		return 8*t.Len() > len(t.slots)
	}
	return 2*t.Len() > len(t.slots)
}

// grow doubles the number of slots, and the capacity for names accordingly.
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

// home returns the index of the first slot of the name in s.
func (t *Table) home(s *slot) uint64 {
	if size := s.tag&31 - 1; size <= maxInline {
		return t.hash(s.lo, s.hi, size) >> t.shift
	}
	return s.lo >> t.shift
}

// setSlots replaces the slots by n free ones.
func (t *Table) setSlots(n int) {
	t.slots, t.shift = make([]slot, n), 64-bits.TrailingZeros(uint(n))
}
