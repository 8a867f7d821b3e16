package parser

import (
	"bytes"
	"errors"
	"fmt"
)

// A Header describes the columns of an input. It is immutable, and several
// Readers may share it.
type Header struct {
	width     int      // number of fields of each record
	wanted    []int    // index of each selected column, or constant
	constants [][]byte // value of each selected column that is constant
	needed    int      // number of fields up to the last selected column
	names     [][]byte // names of all columns; nil if they have none
	line      int      // length of the names and the delimiters between them
}

// Width returns the number of fields of each record.
func (h *Header) Width() int { return h.width }

// Column returns the index in the input, from 0, of the column that
// Config.Columns[i] selects. It returns -1 if that is a fact.
func (h *Header) Column(i int) int { return h.wanted[i] }

// Name returns the name of the column that Config.Columns[i] selects. It
// returns nil if the column has no name, or is a fact. The caller must not
// modify the result.
func (h *Header) Name(i int) []byte {
	if h.names == nil || h.wanted[i] == constant {
		return nil
	}
	return h.names[h.wanted[i]]
}

// newHeader returns the header of an input with the given fields in its header,
// or in its first record if it has none. Its records have the same number.
func newHeader(names [][]byte, cfg *Config) (*Header, error) {
	n := len(cfg.Columns)
	h := &Header{width: len(names), wanted: make([]int, n), constants: make([][]byte, n)}
	for i, s := range cfg.Columns {
		at, value, err := s.find(names, cfg)
		if errors.Is(err, ErrMissingColumn) && !cfg.Dialect.NoHeader && cfg.Dialect.Names == nil && looksLikeData(names, cfg.Columns) {
			err = fmt.Errorf("%w; %w", err, ErrNotHeader)
		}
		if err != nil {
			return nil, err
		}
		h.wanted[i], h.constants[i] = at, value
		h.needed = max(h.needed, at+1)
	}
	if err := h.cutFacts(cfg); err != nil {
		return nil, err
	}
	if cfg.Dialect.hasNames() {
		h.names = names
		h.line = len(names) - 1
		for _, name := range names {
			h.line += len(name)
		}
	}
	return h, nil
}

// repeats reports whether the record that p has parsed, which has h.width
// fields, equals the header.
func (h *Header) repeats(p *recordParser, data []byte) bool {
	if h.names == nil {
		return false
	}
	for i, f := range p.fields[:h.width] {
		if !f.escaped && f.end-f.start != len(h.names[i]) { // most fields
			return false
		}
		if !bytes.Equal(p.value(data, f), h.names[i]) {
			return false
		}
	}
	return true
}

// repeatsNames reports whether all selected columns of the record that p has
// parsed hold their names, in any case and with any blanks around them. One
// column alone is not enough.
func (h *Header) repeatsNames(p *recordParser, data []byte) bool {
	return p.count >= h.needed && h.holdsNames(func(_, column int) []byte { return p.value(data, p.fields[column]) })
}

// holdsNames is repeatsNames for a record whose selected field i, of the given
// column, is field(i, column).
func (h *Header) holdsNames(field func(i, column int) []byte) bool {
	first, others := constant, false
	for i, column := range h.wanted {
		if column == constant {
			continue
		}
		if !sameName(field(i, column), h.names[column]) {
			return false
		}
		others = others || first != constant && column != first
		if first == constant {
			first = column
		}
	}
	return others
}

// sameName reports whether value is a column's name, except for case, blanks
// around it, and a byte order mark before it. An empty name has no equal.
func sameName(value, name []byte) bool {
	name = plainName(name)
	return len(name) > 0 && bytes.EqualFold(plainName(value), name)
}

// plainName returns name without blanks around it and a byte order mark before
// it.
func plainName(name []byte) []byte {
	const blanks = " \t"
	name = bytes.Trim(name, blanks)
	return bytes.Trim(bytes.TrimPrefix(name, []byte(byteOrderMark)), blanks)
}

// repeatsUnquoted reports whether a record that contains no quotes equals the
// header.
func (h *Header) repeatsUnquoted(record []byte, delimiter byte) bool {
	for i, name := range h.names {
		if i > 0 {
			if len(record) == 0 || record[0] != delimiter {
				return false
			}
			record = record[1:]
		}
		if !bytes.HasPrefix(record, name) {
			return false
		}
		record = record[len(name):]
	}
	return h.names != nil && (len(record) == 0 || string(record) == "\r")
}
