//go:build !purego

package fused

import (
	"bytes"
	"strings"
	"unsafe"
)

// maxRebuilds limits how often other hash keys are chosen for a pair. Two of
// 4,096 keys have the same slot, whatever is displaced, in two of five cases,
// two of 80 keys in one of a hundred.
const maxRebuilds = 16

// maxMisfits is the number of records that are too long for short keys of pairs
// after which long ones are used.
const maxMisfits = 16

// maxCharacters is the maximum number of structural characters of a record that
// is looked up by the key of a pair. The key of an unused slot has more.
const maxCharacters = 31

var (
	pairForm     = form{key: 32, slot: 64, unused: '\n'}
	longPairForm = form{key: 96, slot: 128, unused: '\n'}
)

// runs describes the keys of pairs for one pattern. A key consists of runs of
// bytes that are not part of another field. Structural characters are numbered
// from 0.
type runs struct {
	characters string // the structural characters of a record
	fields     uint64 // bit i is set if a field follows character i
	begins     uint64 // bit i is set if a run begins with character i; the first run begins with the record
	ends       uint64 // bit i is set if a run ends with character i
	nearBegin  int    // offset of the name that begins the record: 0, or 1 after a quote
	nearEnd    int    // number of the character after that name
	farEnd     int    // number of the character after the other name
}

// setRuns sets f.runs for the pattern. It reports whether records can be looked
// up by keys of pairs. This requires that one of the names is in the first
// column: a byte order mark would be accepted in another field.
func (f *Path) setRuns() bool {
	l, r := f.layout, runs{}
	if min(l.First, l.Second) != 0 || l.Width > maxCharacters {
		return false
	}
	delimiter, end := string(l.Delimiter), "\n"
	if f.pattern.crlf {
		end = "\r\n"
	}
	each := 1 // number of structural characters per field
	if f.pattern.quoted {
		quote := string(l.quote())
		each, r.nearBegin = 3, 1
		r.characters = quote + strings.Repeat(quote+delimiter+quote, l.Width-1) + quote + end
	} else {
		r.characters = strings.Repeat(delimiter, l.Width-1) + end
	}
	if len(r.characters) > maxCharacters {
		return false
	}
	r.nearEnd, r.farEnd = r.nearBegin, r.nearBegin+each*max(l.First, l.Second)
	for column := range l.Width {
		after := r.nearBegin + each*column
		if after > 0 {
			r.fields |= 1 << (after - 1)
		}
		if after != r.nearEnd && after != r.farEnd {
			r.ends |= 1 << (after - 1)
			r.begins |= 1 << after
		}
	}
	r.ends |= 1 << (len(r.characters) - 1)
	f.runs = r
	return true
}

// scan finds the structural characters of the record that begins data. It
// returns their offsets and reports whether they are those of r, and adjacent
// where no field is between them.
func (r *runs) scan(l Layout, data []byte) (at [maxCharacters]int, ok bool) {
	structural, n := l.structural(), 0
	for i, c := range data {
		if bytes.IndexByte(structural, c) < 0 {
			continue
		}
		adjacent := n == 0 && r.nearBegin == 1 || n > 0 && r.fields>>(n-1)&1 == 0
		if c != r.characters[n] || adjacent && n == 0 && i != 0 || adjacent && n > 0 && i != at[n-1]+1 {
			return at, false
		}
		at[n] = i
		if n++; n == len(r.characters) {
			return at, true
		}
	}
	return at, false
}

// learn adds the key of the record that begins data to the table, if its names
// are known. It reports whether it did. If the record requires another variant,
// it sets f.next.
func (f *Path) learn(data []byte) bool {
	if f.variant < pairKeys {
		return false
	}
	r := &f.runs
	at, ok := r.scan(f.layout, data)
	if !ok {
		return false
	}
	nearEnd, last := at[r.nearEnd], at[len(r.characters)-1]
	near, far := data[r.nearBegin:nearEnd], data[at[r.farEnd-1]+1:at[r.farEnd]]
	value, ok := f.offset(near, far)
	if !ok {
		return false
	}
	head := data[:nearEnd+1]
	tail := r.characters[r.nearEnd:r.farEnd] + string(far) + r.characters[r.farEnd:] // begins with the end of head
	fitsLong := len(head) <= 64 && len(tail) <= 32 && last-nearEnd < 64
	switch {
	case f.variant == longPairKeys && fitsLong:
		var key [96]byte
		copy(key[:], head)
		copy(key[64:], tail)
		return f.addPair(key[:], value)
	case last >= 64 && f.pattern.wide || len(tail) > 32 && f.pattern.fitsLongNames(far):
		f.next = nameKeys
	case f.variant == longPairKeys || !fitsLong:
	case len(head)+len(tail)-1 > pairForm.key:
		f.next = longPairKeys
	case last >= 64:
		if f.misfits++; f.misfits > maxMisfits {
			f.next = longPairKeys
		}
	default:
		var key [32]byte
		copy(key[copy(key[:], head):], tail[1:])
		return f.addPair(key[:], value)
	}
	return false
}

// offset returns the offset of the count of two names, in the order of the
// record. It reports whether records with these names may be counted.
func (f *Path) offset(near, far []byte) (offset uint64, ok bool) {
	first, second := near, far
	if f.pattern.swapped {
		first, second = far, near
	}
	i, knownFirst := f.firstNames.Find(first)
	j, knownSecond := f.secondNames.Find(second)
	if !knownFirst || !knownSecond || !f.layout.fits(near) || f.leave != nil && f.leave(first) {
		return 0, false
	}
	return 8 * (uint64(i)*uint64(f.stride) + uint64(j)), true
}

// addPair adds a key to the table. If there are too many keys, it returns false
// and sets f.next.
func (f *Path) addPair(key []byte, value uint64) bool {
	slots := f.pairs.slots()
	if f.pairs.full() {
		slots *= 2
	} else if f.pairs.put(hashPair(key, &f.streams.hashKeys), key, value) {
		return true
	}
	for range maxRebuilds {
		if slots <= maxPairSlots && f.rebuildPairs(slots) && f.pairs.put(hashPair(key, &f.streams.hashKeys), key, value) {
			return true
		}
	}
	f.usePairs, f.next = false, nameKeys
	return false
}

// rebuildPairs moves the keys to a table with other hash keys and the given
// number of slots. If that fails, it returns false and changes nothing.
func (f *Path) rebuildPairs(slots int) bool {
	t, hashKeys := newPairTable(f.pairs.form, slots), newKeys()
	for key, value := range f.pairs.all() {
		if !t.put(hashPair(key, &hashKeys), key, value) {
			return false
		}
	}
	f.streams.hashKeys = hashKeys
	f.setPairs(t)
	return true
}

func hashPair(key []byte, hashKeys *[32]byte) uint32 { return hashOf(&key[0], len(key)/16, hashKeys) }

// resetPairs replaces the table by an empty one and sets the streams' constants
// for the pattern.
func (f *Path) resetPairs() {
	s, r := f.streams, &f.runs
	s.runBegins, s.runEnds = r.begins, r.ends
	form := pairForm
	if f.variant == longPairKeys {
		form = longPairForm
		s.nameEnd, s.runBegins, s.runEnds = 1<<r.nearEnd, r.begins>>r.nearEnd|1, r.ends>>r.nearEnd
	}
	f.setPairs(newPairTable(form, minPairSlots))
}

func (f *Path) setPairs(t pairTable) {
	f.pairs = t
	f.streams.pairBase, f.streams.pairMask = unsafe.Pointer(&t.memory[displacementsSize]), t.mask
}
