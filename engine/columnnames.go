package engine

import (
	"bytes"
	"unicode/utf8"

	"fastcount/parser"
)

// columnNames notices ids that are names of the two key columns. A record in
// which both ids are such names is a repeated header: files were concatenated,
// perhaps with headers that differ in other columns or in spelling.
//
// Ids are compared only when they are first seen. While no patient id or no
// event type is a name, which is nearly always, a block costs one comparison.
// The fused path leaves records with such patient ids to the block parser, so
// that every record is checked where it is counted.
type columnNames struct {
	names            [2][]byte // of the key columns, as plainName returns them; none is empty
	shortest         int       // bytes of an id that is one of the names, at least
	first            []byte    // name of the patient column as in the header; nil without one
	err              error     // what a repeated header is
	patients, events idSet     // the ids that are names
}

// set makes c ready for records with this header. Without a header the names
// are those that the columns have by default.
func (c *columnNames) set(h *parser.Header) {
	patient, event := h.Name(patientColumn), h.Name(eventColumn)
	c.first, c.err = patient, parser.ErrRepeatedHeader
	if patient == nil && event == nil {
		patient, event = []byte(defaultPatient), []byte(defaultEvent)
		c.err = parser.ErrUnexpectedHeader
	}
	c.names = [2][]byte{plainName(patient), plainName(event)}
	if len(c.names[0]) == 0 || len(c.names[1]) == 0 || h.Column(patientColumn) == h.Column(eventColumn) || min(h.Column(patientColumn), h.Column(eventColumn)) < 0 {
		c.names = [2][]byte{} // one id alone is no header, nor are empty ones
	}
	c.shortest = min(utf8.RuneCount(c.names[0]), utf8.RuneCount(c.names[1]))
}

// reset forgets the names and the ids.
func (c *columnNames) reset() { *c = columnNames{} }

// match reports whether id is one of the names, except for case, blanks around
// it, and a byte order mark before it.
func (c *columnNames) match(id []byte) bool {
	if c.names[0] == nil || len(id) < c.shortest {
		return false
	}
	id = plainName(id)
	return bytes.EqualFold(id, c.names[0]) || bytes.EqualFold(id, c.names[1])
}

// leave reports whether a record with this patient id may be a repeated header,
// which the block parser must see.
func (c *columnNames) leave(id []byte) bool {
	return c.match(id) || c.first != nil && bytes.Equal(id, c.first)
}

// plainName returns name without blanks around it and a byte order mark before
// it.
func plainName(name []byte) []byte {
	const blanks = " \t"
	name = bytes.Trim(name, blanks)
	return bytes.Trim(bytes.TrimPrefix(name, []byte("\xef\xbb\xbf")), blanks)
}

// find returns the first row whose two ids are both names, or -1.
func (c *columnNames) find(patients, events []uint32) int {
	if c.patients == nil || c.events == nil {
		return -1
	}
	for row, event := range events {
		if c.events.has(event) && c.patients.has(patients[row]) {
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
