package fused

import (
	"encoding/binary"
	"math/rand/v2"
)

// form is the layout of a table's slots, which the assembly depends on. A slot
// consists of the key, padded with zeros, the value as 8 bytes, 8 bytes that
// are 1 if the slot is used, and padding. The key of an unused slot must differ
// from whatever is looked up. A name's key ends with a structural character or
// with zeros. A pair's has at most 31 structural characters.
type form struct {
	key    int  // size of a key
	slot   int  // size of a slot, a power of two
	unused byte // in each byte of the key of an unused slot
}

var (
	shortForm      = form{key: 16, slot: 32, unused: 0xff}
	longFirstForm  = form{key: 64, slot: 128, unused: 0xff}
	longSecondForm = form{key: 32, slot: 64, unused: 0xff}
)

const (
	minSlots   = 256
	smallSlots = 32 << 10 // a table of up to this size fits the caches at a low load factor
	maxBytes   = 64 << 20 // size of a table
)

// table maps keys to values by open addressing with linear probing. The load
// factor is at most 1/8 for a small table and 1/4 for a larger one; only a
// table of maxBytes may exceed that. Probing does not wrap around: probe slots
// follow the hashed ones, and the last of all is always free.
//
// A name that would be more than probe slots away from its hash is omitted, and
// the Path stops at its records, which is slow but correct. This does not
// happen to random names. The few rounds of AES cannot exclude that an attacker
// finds many names with the same hash, and omitting them bounds the cost.
type table struct {
	form
	slots     []byte
	mask      uint32 // reduces a hash to the offset of a slot
	probe     int    // maximum number of slots that a look-up visits
	displaced int    // number of names that are not in the slot of their hash
	names     int    // number of names, in the order of their ids, that were added or omitted
}

// newTable returns an empty table with space for n names.
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
		fill(t.slots[at:at+f.key], f.unused)
	}
	return t
}

// tooFull reports whether n names exceed the load factor of a table with the
// given number of slots.
func tooFull(n, slots int) bool {
	if slots <= smallSlots {
		return 8*n > slots
	}
	return 4*n > slots
}

// shouldGrow reports whether a larger table should be used for n names.
func (t *table) shouldGrow(n int) bool {
	slots := int(t.mask)/t.slot + 1
	return tooFull(n, slots) && 2*slots*t.slot <= maxBytes
}

// put adds a key of t.key bytes, unless all slots within its reach are used.
func (t *table) put(hash uint32, key []byte, value uint64) {
	first := int(hash & t.mask)
	for at := first; at < first+t.probe*t.slot; at += t.slot {
		if slot := t.slots[at : at+t.slot]; slot[t.key+8] == 0 {
			copy(slot, key)
			binary.LittleEndian.PutUint64(slot[t.key:], value)
			slot[t.key+8] = 1
			if at > first {
				t.displaced++
			}
			return
		}
	}
}

func fill(b []byte, c byte) {
	for i := range b {
		b[i] = c
	}
}

// newKeys returns two random keys for the hash, so that collisions cannot be
// constructed in advance.
func newKeys() (k [32]byte) {
	for i := range k {
		k[i] = byte(rand.Uint32())
	}
	return k
}
