package parser

import (
	"errors"
	"fmt"
)

// A Selector selects a column by exactly one of Name, Number and Fact.
type Selector struct {
	Name   string // the exact name in the header
	Number int    // from 1

	// Fact is a key of Config.Facts, whose value all records have in this
	// column.
	Fact string

	// Or, if not nil, is what is selected if the input does not have the
	// column.
	Or *Selector
}

// String returns the quoted name, the number, or the fact after an @. Further
// alternatives follow.
func (s Selector) String() (text string) {
	switch {
	case s.Fact != "":
		text = "@" + s.Fact
	case s.Name == "":
		text = fmt.Sprint(s.Number)
	default:
		text = fmt.Sprintf("%q", s.Name)
	}
	if s.Or != nil {
		text += " or " + s.Or.String()
	}
	return text
}

// maxAlternatives is the maximum number of columns that are tried for one.
const maxAlternatives = 100

// validate returns an error if s, or one of its alternatives, cannot select a
// column of an input in dialect d.
func (s *Selector) validate(d Dialect) error {
	for n := 0; s != nil; s = s.Or {
		if n++; n > maxAlternatives {
			return fmt.Errorf("more than %d alternatives for a column", maxAlternatives)
		}
		switch {
		case s.Name != "" && s.Fact != "" || s.Number != 0 && (s.Name != "" || s.Fact != ""):
			return fmt.Errorf("column %v: selected in more than one way", Selector{Name: s.Name, Number: s.Number, Fact: s.Fact})
		case s.Name == "" && s.Fact == "" && s.Number < 1:
			return fmt.Errorf("column number %d: columns are numbered from 1", s.Number)
		case s.Name != "" && !d.hasNames():
			return fmt.Errorf("column %q: an input without a header has no column names", s.Name)
		}
	}
	return nil
}

// constant is the index of a column whose value is a fact.
const constant = -1

// find returns the index of the column that s selects, or constant and its
// value. The error wraps ErrMissingColumn or ErrDuplicateColumn.
func (s Selector) find(names [][]byte, cfg *Config) (at int, value []byte, err error) {
	for a := &s; a != nil; a = a.Or {
		at, value, err = a.findOne(names, cfg)
		if !errors.Is(err, ErrMissingColumn) {
			return at, value, err
		}
	}
	return 0, nil, s.missing(names, cfg)
}

// findOne is find without the alternatives of s.
func (s Selector) findOne(names [][]byte, cfg *Config) (int, []byte, error) {
	switch {
	case s.Fact != "":
		value, ok := cfg.Facts[s.Fact]
		if !ok {
			return 0, nil, ErrMissingColumn
		}
		return constant, []byte(value), nil
	case s.Name == "":
		if s.Number > len(names) {
			return 0, nil, ErrMissingColumn
		}
		return s.Number - 1, nil, nil
	}
	found := -1
	for i, name := range names {
		if string(name) != s.Name {
			continue
		}
		if found >= 0 {
			return 0, nil, fmt.Errorf("%w: %q is column %d and column %d", ErrDuplicateColumn, s.Name, found+1, i+1)
		}
		found = i
	}
	if found < 0 {
		return 0, nil, ErrMissingColumn
	}
	return found, nil, nil
}

// missing returns the error for a column that is not among those named names.
func (s Selector) missing(names [][]byte, cfg *Config) error {
	if s.Fact != "" {
		return fmt.Errorf("%w: %v: not known of this input", ErrMissingFact, s)
	}
	if cfg.ShowNames {
		return fmt.Errorf("%w: %v not in %.200q", ErrMissingColumn, s, names)
	}
	near := ""
	for _, a := range s.alternatives() {
		if near == "" && a.Name != "" {
			near = a.didYouMean(names)
		}
	}
	return fmt.Errorf("%w: %v (number of columns: %d)%s", ErrMissingColumn, s, len(names), near)
}
