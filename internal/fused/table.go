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
	minSlots   = 256
	smallSlots = 32 << 10 // up to here a table is kept in the caches and nearly empty
	maxBytes   = 64 << 20 // of one table
)

// table finds values by keys, by linear probing. A small table is at most an eighth full, a larger one a quarter, and
// only one of maxBytes may become fuller. A look-up goes on behind the end of the hashed slots, where there are probe
// more, and never around; the last of all is always free.
//
// Names that would lie further from their place than probe, or for which there is no room, are left out: the road stops
// at them, which is slow but right. At random there are none; but so few rounds of AES do not rule out that somebody
// finds many names with one hash, and then they cost no more than that.
type table struct {
	form
	slots []byte
	mask  uint32 // of the hash: it leaves the offset of a slot
	probe int    // slots that a look-up visits at the most
	names int    // how many of the names, in the order of their ids, were put or left out
}

// newTable returns an empty table that n names do not fill.
func newTable(f form, n int) table {
	t := table{form: f}
	slots := minSlots
	for tooFull(n, slots) && 2*slots*f.slot <= maxBytes {
		slots *= 2
	}
	switch {
	case slots <= smallSlots:
		t.probe = 16
	case 2*slots*f.slot <= maxBytes:
		t.probe = 32
	default:
		t.probe = 128
	}
	t.slots, t.mask = make([]byte, (slots+t.probe)*f.slot), uint32((slots-1)*f.slot)
	for at := 0; at < len(t.slots); at += f.slot {
		setOnes(t.slots[at : at+f.key]) // no key: a key ends with a special byte or with zeros
	}
	return t
}

func tooFull(n, slots int) bool {
	if slots <= smallSlots {
		return 8*n > slots
	}
	return 4*n > slots
}

// shouldGrow reports whether the table should be larger to hold n names.
func (t *table) shouldGrow(n int) bool {
	slots := int(t.mask)/t.slot + 1
	return tooFull(n, slots) && 2*slots*t.slot <= maxBytes
}

// put adds a key of t.key bytes, unless there is no place for it.
func (t *table) put(hash uint32, key []byte, value uint64) {
	first := int(hash & t.mask)
	for at := first; at < first+t.probe*t.slot; at += t.slot {
		if slot := t.slots[at : at+t.slot]; slot[t.key+8] == 0 {
			copy(slot, key)
			binary.LittleEndian.PutUint64(slot[t.key:], value)
			slot[t.key+8] = 1
			return
		}
	}
}

func setOnes(b []byte) {
	for i := range b {
		b[i] = 0xff
	}
}

// newKeys returns two secret keys for the hash.
func newKeys() (k [32]byte) {
	for i := range k {
		k[i] = byte(rand.Uint32())
	}
	return k
}
