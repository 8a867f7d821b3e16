package fused

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"slices"
)

// A pairTable maps keys of pairs to values without collisions, so that looking
// up a known key takes no branch that depends on the data. A processor that
// mispredicts one loses what it has done for the records of all streams.
//
// The high bits of a hash select a displacement, which the rest of the hash is
// combined with: the method is hash and displace (Belazzougui, Botelho and
// Dietzfelbinger, 2009). When two keys collide, another displacement is chosen
// at random for one of them and all others with the same high bits. If all bits
// that matter are the same for two keys, the table is rebuilt with another hash
// function.
//
// The displacements precede the slots, whose layout is that of a table. At most
// a quarter of the slots is used.
type pairTable struct {
	form
	memory []byte // displacements and slots
	mask   uint32 // reduces a hash to the offset of a slot
	keys   []placed
}

// placed is a key in a pairTable.
type placed struct {
	hash uint32
	at   uint32 // offset of the slot
}

const (
	displacements     = 1 << 10
	displacementBits  = 10
	displacementsSize = 4 * displacements
	minPairSlots      = 512
	maxPairSlots      = 4 * maxPairs
	maxTries          = 4096 // displacements that are tried
)

// maxPairs is the number of pairs up to which keys of pairs are used. More
// would take more space in the caches than the names.
const maxPairs = 4096

func newPairTable(f form, slots int) pairTable {
	t := pairTable{form: f, memory: make([]byte, displacementsSize+slots*f.slot), mask: uint32((slots - 1) * f.slot)}
	for at := displacementsSize; at < len(t.memory); at += f.slot {
		fill(t.memory[at:at+f.key], f.unused)
	}
	return t
}

// slotAt returns the slot at an offset.
func (t *pairTable) slotAt(at uint32) []byte {
	return t.memory[displacementsSize+at:][:t.slot]
}

func (t *pairTable) used(at uint32) bool { return t.slotAt(at)[t.key+8] != 0 }

// displacement returns the displacement for a hash as a slice of four bytes.
func (t *pairTable) displacement(hash uint32) []byte {
	return t.memory[4*(hash>>(32-displacementBits)):][:4]
}

// put adds a key, which must not be in the table. It returns false if there is
// no space for it.
func (t *pairTable) put(hash uint32, key []byte, value uint64) bool {
	at := (hash ^ binary.LittleEndian.Uint32(t.displacement(hash))) & t.mask
	if t.used(at) {
		if !t.displace(hash) {
			return false
		}
		at = (hash ^ binary.LittleEndian.Uint32(t.displacement(hash))) & t.mask
	}
	slot := t.slotAt(at)
	copy(slot, key)
	binary.LittleEndian.PutUint64(slot[t.key:], value)
	slot[t.key+8] = 1
	t.keys = append(t.keys, placed{hash, at})
	return true
}

// displace chooses a displacement with which the keys that share it and a new
// one have slots of their own, and moves these keys. It returns false, and
// changes nothing, if it does not find one.
func (t *pairTable) displace(hash uint32) bool {
	var moved []*placed
	hashes := []uint32{hash}
	for i := range t.keys {
		if k := &t.keys[i]; (k.hash^hash)>>(32-displacementBits) == 0 {
			moved, hashes = append(moved, k), append(hashes, k.hash)
		}
	}
	d, ok := t.findDisplacement(hashes)
	if !ok {
		return false
	}
	slots := make([][]byte, len(moved))
	for i, k := range moved {
		slot := t.slotAt(k.at)
		slots[i] = slices.Clone(slot)
		clear(slot)
		fill(slot[:t.key], t.unused)
	}
	for i, k := range moved {
		k.at = (k.hash ^ d) & t.mask
		copy(t.slotAt(k.at), slots[i])
	}
	binary.LittleEndian.PutUint32(t.displacement(hash), d)
	return true
}

// findDisplacement returns a displacement with which all hashes have unused
// slots of their own.
func (t *pairTable) findDisplacement(hashes []uint32) (d uint32, ok bool) {
	taken := make([]uint32, 0, len(hashes))
tries:
	for range maxTries {
		d, taken = rand.Uint32(), taken[:0]
		for _, hash := range hashes {
			at := (hash ^ d) & t.mask
			if t.used(at) || slices.Contains(taken, at) {
				continue tries
			}
			taken = append(taken, at)
		}
		return d, true
	}
	return 0, false
}

// full reports whether a larger table is required for another key.
func (t *pairTable) full() bool { return 4*(len(t.keys)+1) > t.slots() }

func (t *pairTable) slots() int { return int(t.mask)/t.slot + 1 }

// all returns the keys and values.
func (t *pairTable) all() iter.Seq2[[]byte, uint64] {
	return func(yield func([]byte, uint64) bool) {
		for _, k := range t.keys {
			slot := t.slotAt(k.at)
			if !yield(slot[:t.key], binary.LittleEndian.Uint64(slot[t.key:])) {
				return
			}
		}
	}
}
