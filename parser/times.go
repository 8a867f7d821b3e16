package parser

import (
	"errors"
	"fmt"

	"fastcount/internal/isotime"
)

// This file contains what Config.Buckets requires.

// A buffer has the slack that package isotime reads.
const _ = uint(Slack - isotime.Slack)

// units returns the unit of each column, 0 for a column without one, or nil if
// no column has one.
func (c *Config) units() (units []isotime.Unit, err error) {
	if c.Buckets == nil {
		return nil, nil
	}
	if len(c.Buckets) != len(c.Columns) {
		return nil, errors.New("there is not a bucket for each column")
	}
	for i, name := range c.Buckets {
		if name == "" {
			continue
		}
		unit, ok := isotime.Parse(name)
		if !ok {
			return nil, fmt.Errorf("%.20q is not a unit of time: use "+isotime.Names, name)
		}
		if units == nil {
			units = make([]isotime.Unit, len(c.Columns))
		}
		units[i] = unit
	}
	return units, nil
}

// cutTimes cuts the fields of the columns of the block that have a unit. It
// reports whether all of them are times.
func (r *Reader) cutTimes() bool {
	b := &r.block
	for i, unit := range r.units {
		c := &b.Columns[i]
		if unit != 0 && c.Constant == nil && unit.CutAll(b.Data, c.Starts, c.Ends) < b.Rows {
			return false
		}
	}
	return true
}

// wrongTime returns the first selected column with a unit whose field in the
// record parsed last, which has all selected columns, is not a time, or -1.
func (r *Reader) wrongTime(data []byte) int {
	for i, unit := range r.units {
		column := r.header.wanted[i]
		if unit == 0 || column == constant {
			continue
		}
		if unit.Cut(r.records.value(data, r.records.fields[column])) < 0 {
			return i
		}
	}
	return -1
}

// rejectTime is take for a record whose selected field i is not a time.
func (r *Reader) rejectTime(data []byte, at, next, i int) (errAt int, err error) {
	h := r.header
	if h.names != nil && h.holdsNamesOfAny(&r.records, data) {
		return at, ErrRepeatedHeader
	}
	errAt, err = r.records.fields[h.wanted[i]].start, ErrInvalidTime
	if r.units[i] == isotime.Hour {
		err = errNoHour
	}
	return errAt, r.reject(data, at, next, err)
}

var errNoHour = fmt.Errorf("%w with an hour", ErrInvalidTime)

// cutFacts cuts the constants that have a unit.
func (h *Header) cutFacts(cfg *Config) error {
	units, err := cfg.units()
	for i, unit := range units {
		if unit == 0 || h.wanted[i] != constant {
			continue
		}
		n := unit.Cut(h.constants[i])
		if n < 0 {
			return fmt.Errorf("%v: %w", cfg.Columns[i], ErrInvalidTimeFact)
		}
		h.constants[i] = h.constants[i][:n]
	}
	return err
}

// holdsNamesOfAny reports whether all selected columns of the record that p has
// parsed hold names of selected columns, as repeatsNames does for their own.
func (h *Header) holdsNamesOfAny(p *recordParser, data []byte) bool {
	first, others := constant, false
	for _, column := range h.wanted {
		if column == constant {
			continue
		}
		if !h.isSelectedName(p.value(data, p.fields[column])) {
			return false
		}
		others = others || first != constant && column != first
		if first == constant {
			first = column
		}
	}
	return others
}

func (h *Header) isSelectedName(value []byte) bool {
	for _, column := range h.wanted {
		if column != constant && sameName(value, h.names[column]) {
			return true
		}
	}
	return false
}
