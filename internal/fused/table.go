package fused

import "math/rand/v2"

const (
	keySize  = 16
	slotSize = 32
	minSlots = 256
	maxProbe = 16 // slots that a look-up visits at the most
)

// slot holds a key and what it stands for. The layout is known to lanes_amd64.s.
type slot struct {
	key   [keySize]byte // padded with zeros; freeKey if the slot is free
	value uint64        // bytes that the name adds to the place of a count
	used  uint64        // 1, or 0 if the slot is free
}

// freeKey is no key: a key ends with a special byte or with zeros.
var freeKey = [keySize]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// table finds values by keys: linear probing, at most a quarter full. A look-up goes on behind the end of the hashed
// slots, where there are maxProbe more, and never around. Names that would lie further from their place than that
// are left out: they are not found, and the road stops at them, which is slow but right. So many names with
// one hash, which two rounds of AES do not rule out, cost no more than that.
type table struct {
	slots []slot
	mask  uint32 // of the hash; times slotSize it is the offset of a slot
	names int
}

func newTable(slots int) table {
	t := table{slots: make([]slot, slots+maxProbe), mask: uint32(slots-1) * slotSize}
	for i := range t.slots {
		t.slots[i].key = freeKey
	}
	return t
}

// put adds a key, unless all slots where it could be found are taken.
func (t *table) put(hash uint32, key [keySize]byte, value uint64) {
	first := hash & t.mask / slotSize
	for i := first; i < first+maxProbe; i++ {
		if s := &t.slots[i]; s.used == 0 {
			*s = slot{key: key, value: value, used: 1}
			return
		}
	}
}

// newKeys returns two secret keys for the hash.
func newKeys() (k [2][keySize]byte) {
	for i := range k {
		for j := range k[i] {
			k[i][j] = byte(rand.Uint32())
		}
	}
	return k
}
