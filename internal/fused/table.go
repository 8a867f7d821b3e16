package fused

import (
	"encoding/binary"
	"math/rand/v2"
)

// form is the layout of a table's slots, which lanes_amd64.s knows: the key, padded with zeros; the value; 1 if the slot
// is used; and room up to size bytes, a power of two.
type form struct{ key, slot int }

var (
	shortForm      = form{key: 16, slot: 32}
	longFirstForm  = form{key: 64, slot: 128}
	longSecondForm = form{key: 32, slot: 64}
)

const (
	minSlots = 256
	maxBytes = 64 << 20 // of one table
	maxProbe = 16       // slots that a look-up visits at the most
)

// table finds values by keys: linear probing, between an eighth and half full. A look-up goes on behind the end of the
// hashed slots, where there are maxProbe more, and never around; the last of all is always free. Names that would lie
// further from their place, or for which there is no room within maxBytes, are left out: the road stops at them, which
// is slow but right. So many names with one hash, which so few rounds of AES do not rule out, cost no more than that.
type table struct {
	form
	slots []byte
	mask  uint32 // of the hash: it leaves the offset of a slot
	names int    // how many of the names, in the order of their ids, were put or left out
}

func newTable(f form, slots int) table {
	slots = min(slots, maxBytes/f.slot)
	t := table{form: f, slots: make([]byte, (slots+maxProbe)*f.slot), mask: uint32((slots - 1) * f.slot)}
	for at := 0; at < len(t.slots); at += f.slot {
		for i := range t.slots[at : at+f.key] {
			t.slots[at+i] = 0xff // no key: a key ends with a special byte or with zeros
		}
	}
	return t
}

// full reports whether the table should be larger to hold n names.
func (t *table) full(n int) bool {
	slots := int(t.mask)/t.slot + 1
	return 2*n > slots && 2*slots*t.slot <= maxBytes
}

// put adds a key of t.key bytes, unless there is no place for it.
func (t *table) put(hash uint32, key []byte, value uint64) {
	first := int(hash & t.mask)
	for at := first; at < first+maxProbe*t.slot; at += t.slot {
		if slot := t.slots[at : at+t.slot]; slot[t.key+8] == 0 {
			copy(slot, key)
			binary.LittleEndian.PutUint64(slot[t.key:], value)
			slot[t.key+8] = 1
			return
		}
	}
}

// newKeys returns two secret keys for the hash.
func newKeys() (k [32]byte) {
	for i := range k {
		k[i] = byte(rand.Uint32())
	}
	return k
}
