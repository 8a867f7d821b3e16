//go:build !purego

package fused

import "fastcount/internal/intern"

// shortMasks[n-1] masks all but the first n bytes of a key. For n above 16 it
// masks all bytes, and the result matches no key of a table.
var shortMasks = func() (m [65][16]byte) {
	for i := range 16 {
		fill(m[i][:i+1], 0xff)
	}
	return m
}()

// longMasks are the masks for long keys. The 64 bytes of first from 65-n mask
// all but the first n bytes of a first key, which has at most 64. second
// corresponds to shortMasks.
var longMasks = func() (m struct {
	first  [192]byte
	second [65][32]byte
}) {
	fill(m.first[1:65], 0xff)
	for i := range 32 {
		fill(m.second[i][:i+1], 0xff)
	}
	return m
}()

// Names of the tables are kept in the slots of their hashes if there are few.
// With 20 and 4 names, about two of five hash functions do that.
const (
	maxUndisplaced = 64 // number of names in one of the tables
	maxHashes      = 32 // number of hash functions that are tried
)

// displaced reports whether names are not in the slots of their hashes, and
// other hash keys may change that. A branch that depends on the name is often
// mispredicted.
func (f *Path) displaced() bool {
	few := max(f.first.names, f.second.names) <= maxUndisplaced
	if f.first.displaced+f.second.displaced == 0 || !few || f.hashes == maxHashes {
		return false
	}
	f.hashes++
	return true
}

// update adds new names to the tables. It returns false, and sets the variant,
// if one of them requires long keys.
func (f *Path) update(first, second *intern.Table) bool {
	p := &f.pattern
	return f.addNames(&f.first, first, p.firstBefore, p.firstAfter, 8*uint64(f.stride)) &&
		f.addNames(&f.second, second, p.secondBefore, p.secondAfter, 8)
}

// addNames adds to t the names that it does not hold yet, with their ids times
// unit as values. It is update for one table.
func (f *Path) addNames(t *table, names *intern.Table, before, after string, unit uint64) bool {
	if t.shouldGrow(names.Len()) {
		*t = newTable(t.form, 2*names.Len())
	}
	for ; t.names < names.Len(); t.names++ {
		name := names.Name(uint32(t.names))
		size := len(before) + len(name) + len(after)
		if size > t.key && f.variant == nameKeys && f.pattern.canBeLong() {
			f.variant, f.next = longNameKeys, longNameKeys
			return false
		}
		if size > t.key || !f.layout.fits(name) || t == &f.first && f.leave != nil && f.leave(name) {
			continue
		}
		var key [64]byte
		n := copy(key[:], before)
		n += copy(key[n:], name)
		copy(key[n:], after)
		t.put(hashOf(&key[0], t.key/16, &f.streams.hashKeys), key[:t.key], uint64(t.names)*unit)
	}
	return true
}

// setNumbers sets the bits that select structural characters from a mask that
// does not contain the first seen ones.
func (s *streams) setNumbers(p pattern, seen int) {
	s.firstEnd, s.recordEnd = 1<<p.firstEnd, 1<<(p.recordEnd-seen)
	s.secondBegin, s.secondEnd = 1<<(p.secondBegin-seen), 1<<(p.secondEnd-seen)
}

// setWide sets the numbers of the structural characters for a wide pattern.
func (s *streams) setWide(p pattern, delimiter byte) {
	s.delimiter = delimiter
	s.firstEnd, s.recordEnd = uint64(p.firstEnd), uint64(p.recordEnd)
	s.secondBegin, s.secondEnd = uint64(p.secondBegin), uint64(p.secondEnd)
	s.nearBegin, s.nearStart = 0, 0
	if p.firstEnd > 0 {
		s.nearBegin, s.nearStart = uint64(p.firstEnd-1), ^uint64(0)
	}
}

// hashOf returns the hash of a key of the given number of 16-byte blocks.
//
//go:noescape
func hashOf(key *byte, blocks int, keys *[32]byte) uint32
