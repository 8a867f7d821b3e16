package engine

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"fastcount/internal/intern"
)

// entry is a name that is being sorted. The names of a large table are in no
// cache, and are read only if prefix does not hold the rest of the name.
type entry struct {
	prefix uint64 // the eight bytes after those that all names have in common, padded with zeros
	id     uint32
	rest   uint32 // length of the name after the bytes in common
}

// sorted returns the names of a table in the order of their bytes, and their
// ids in the same order. The names are parts of one string.
func sorted(t *intern.Table) (names []string, ids []uint32) {
	if t.Len() == 0 {
		return []string{}, nil
	}
	entries, common := entriesOf(t)
	entries = byPrefix(entries)
	for i := 0; i < len(entries); {
		end := i + 1
		for end < len(entries) && entries[end].prefix == entries[i].prefix {
			end++
		}
		slices.SortFunc(entries[i:end], func(a, b entry) int {
			return cmp.Compare(string(t.Name(a.id)), string(t.Name(b.id)))
		})
		i = end
	}
	return textsOf(t, entries, common)
}

// textsOf returns the names and the ids of entries, in their order. The names
// begin with common.
func textsOf(t *intern.Table, entries []entry, common []byte) (names []string, ids []uint32) {
	var text strings.Builder
	text.Grow(t.Bytes())
	ids = make([]uint32, len(entries))
	for i, e := range entries {
		ids[i] = e.id
		var first [8]byte
		if int(e.rest) > len(first) {
			text.Write(t.Name(e.id))
			continue
		}
		binary.BigEndian.PutUint64(first[:], e.prefix)
		text.Write(common)
		text.Write(first[:e.rest])
	}
	names = make([]string, len(entries))
	rest := text.String()
	for i, e := range entries {
		n := len(common) + int(e.rest)
		names[i], rest = rest[:n], rest[n:]
	}
	return names, ids
}

// entriesOf returns an entry for each name of t, and the bytes at their
// beginnings that all names have in common.
func entriesOf(t *intern.Table) (entries []entry, common []byte) {
	common = t.Name(0)
	for id := range t.Len() {
		common = common[:commonPrefix(common, t.Name(uint32(id)))]
	}
	entries = make([]entry, t.Len())
	for id := range entries {
		var first [8]byte
		rest := t.Name(uint32(id))[len(common):]
		copy(first[:], rest)
		entries[id] = entry{binary.BigEndian.Uint64(first[:]), uint32(id), uint32(len(rest))}
	}
	return entries, common
}

// commonPrefix returns how many bytes a and b have in common at their
// beginnings.
func commonPrefix(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// byPrefix returns the entries sorted by their prefixes. It is a radix sort,
// from the last byte to the first, that skips bytes which are equal in all
// entries.
func byPrefix(entries []entry) []entry {
	other := make([]entry, len(entries))
	for shift := 0; shift < 64; shift += 8 {
		var ends [256]int // where the entries with each byte end; before that, how many there are
		for _, e := range entries {
			ends[byte(e.prefix>>shift)]++
		}
		if ends[byte(entries[0].prefix>>shift)] == len(entries) {
			continue
		}
		begin := 0
		for i, n := range ends {
			ends[i] = begin
			begin += n
		}
		for _, e := range entries {
			end := &ends[byte(e.prefix>>shift)]
			other[*end] = e
			*end++
		}
		entries, other = other, entries
	}
	return entries
}
