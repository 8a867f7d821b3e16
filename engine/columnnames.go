package engine

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"fastcount/parser"
)

// columnNames notices values that are names of the key columns. A record in
// which all key columns that are read from it, at least two, hold such names is
// a repeated header: files were concatenated, perhaps with headers that differ
// in other columns or in spelling.
//
// Values are compared only when they are first seen. While one of the columns
// has no value that is a name, which is nearly always, a block costs one
// comparison. The fused path leaves records with such patient ids to the block
// parser, so that every record is checked where it is counted.
type columnNames struct {
	names    [][]byte // of the key columns read from records, as plainName returns them; nil if values are not compared
	columns  []int    // indexes of these key columns
	shortest int      // bytes of a value that is one of the names, at least
	first    []byte   // name of the first key column as in the header; nil without one
	err      error    // what a repeated header is
	ids      []idSet  // for each key column, the ids of values that are names
}

// set makes c ready for records with this header. Without a header the names
// are fallback, those that the columns have by default, if any.
func (c *columnNames) set(h *parser.Header, fallback []string) {
	c.names, c.columns, c.first, c.err = nil, c.columns[:0], h.Name(0), parser.ErrRepeatedHeader
	var names [][]byte
	distinct := false
	for i := range c.ids {
		if h.Column(i) < 0 {
			continue
		}
		name := h.Name(i)
		if name == nil && fallback != nil {
			name = []byte(fallback[i])
			c.err = parser.ErrUnexpectedHeader
		}
		if name = plainName(name); len(name) == 0 {
			return // an empty value is not the sign of a header
		}
		names, c.columns = append(names, name), append(c.columns, i)
		distinct = distinct || h.Column(i) != h.Column(c.columns[0])
	}
	if !distinct {
		return // one value alone is not either
	}
	c.names, c.shortest = names, utf8.RuneCount(names[0])
	for _, name := range names {
		c.shortest = min(c.shortest, utf8.RuneCount(name))
	}
}

// reset forgets the names and the ids.
func (c *columnNames) reset() {
	clear(c.ids)
	*c = columnNames{ids: c.ids, columns: c.columns[:0]}
}

// match reports whether value is one of the names, except for case, blanks
// around it, and a byte order mark before it.
func (c *columnNames) match(value []byte) bool {
	if c.names == nil || len(value) < c.shortest {
		return false
	}
	value = plainName(value)
	return slices.ContainsFunc(c.names, func(name []byte) bool { return bytes.EqualFold(value, name) })
}

// leave reports whether a record with this value of the first key column may be
// a repeated header, which the block parser must see.
func (c *columnNames) leave(value []byte) bool {
	return c.match(value) || c.first != nil && bytes.Equal(value, c.first)
}

// plainName returns name without blanks around it and a byte order mark before
// it.
func plainName(name []byte) []byte {
	const blanks = " \t"
	name = bytes.Trim(name, blanks)
	return bytes.Trim(bytes.TrimPrefix(name, []byte("\xef\xbb\xbf")), blanks)
}

// find returns the first of a number of rows whose values are all names, or -1.
// ids holds the ids of the values of each key column.
func (c *columnNames) find(ids [][]uint32, rows int) int {
	if c.names == nil {
		return -1
	}
	for _, i := range c.columns {
		if c.ids[i] == nil {
			return -1
		}
	}
	for row := range rows {
		if !slices.ContainsFunc(c.columns, func(i int) bool { return !c.ids[i].has(ids[i][row]) }) {
			return row
		}
	}
	return -1
}

// idSet is a set of small integers; nil is the empty set.
type idSet []uint64

func (s *idSet) add(id uint32) {
	for len(*s) <= int(id/64) {
		*s = append(*s, 0)
	}
	(*s)[id/64] |= 1 << (id % 64)
}

func (s idSet) has(id uint32) bool {
	return int(id/64) < len(s) && s[id/64]>>(id%64)&1 == 1
}
