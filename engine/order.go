package engine

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"fastcount/internal/intern"
)

// entry is a name that is being sorted.
type entry struct {
	prefix uint64 // eight bytes, which mostly decide: no look at the names is needed then
	id     uint32
}

// sorted returns the names of a table in the order of their bytes, and their
// ids in the same order. The names are parts of one string.
func sorted(t *intern.Table) (names []string, ids []uint32) {
	if t.Len() == 0 {
		return []string{}, nil
	}
	entries := byPrefix(entriesOf(t))
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
	var text strings.Builder
	text.Grow(t.Bytes())
	ids = make([]uint32, len(entries))
	for i, e := range entries {
		ids[i] = e.id
		text.Write(t.Name(e.id))
	}
	names = make([]string, len(entries))
	rest := text.String()
	for i, id := range ids {
		n := len(t.Name(id))
		names[i], rest = rest[:n], rest[n:]
	}
	return names, ids
}

// entriesOf returns an entry for each name of t. The prefix is the eight bytes
// after those that all names have in common.
func entriesOf(t *intern.Table) []entry {
	common := t.Name(0)
	for id := range t.Len() {
		common = common[:commonPrefix(common, t.Name(uint32(id)))]
	}
	entries := make([]entry, t.Len())
	for id := range entries {
		var first [8]byte
		copy(first[:], t.Name(uint32(id))[len(common):])
		entries[id] = entry{binary.BigEndian.Uint64(first[:]), uint32(id)}
	}
	return entries
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
