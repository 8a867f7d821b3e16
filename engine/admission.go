package engine

import (
	"unicode/utf8"

	"fastcount/internal/intern"
	"fastcount/parser"
)

// admission decides whether a new value may be added to the tables of an
// accumulator, and notices names of columns.
type admission struct {
	limits   Limits
	anyBytes bool   // values that are not UTF-8 are admitted
	all      string // all values, in an error
	keys     []*intern.Table
	columns  columnNames
}

// newAdmission returns an admission with a table for each key column.
func newAdmission(cfg Config) *admission {
	a := &admission{limits: cfg.Limits, anyBytes: cfg.EscapeIDs, all: "all patient ids and event types"}
	limits := []keyLimit{
		{a.limits.Patients, ErrTooManyPatients, "patients"},
		{a.limits.Events, ErrTooManyEvents, "event types"},
	}
	if len(cfg.By) > 0 {
		limits, a.all = limits[:0], "all values of the key columns"
		for _, key := range cfg.By {
			limits = append(limits, keyLimit{a.limits.Values, ErrTooManyValues, "values of " + key.Name})
		}
	}
	a.columns.ids = make([]idSet, len(limits))
	for i, limit := range limits {
		a.keys = append(a.keys, intern.New(func(name []byte, id uint32) error {
			if int64(id) >= int64(limit.most) {
				return classed(limit.err, "more than %d distinct %s", limit.most, limit.what)
			}
			return a.admit(name, id, i)
		}))
	}
	return a
}

// keyLimit is the limit of the values of one key column, and the error for
// exceeding it.
type keyLimit struct {
	most int
	err  error
	what string
}

// admit returns an error unless name may be added with this id to the table of
// a key column. If it is the name of a column, that is remembered.
func (a *admission) admit(name []byte, id uint32, key int) error {
	size := len(name)
	for _, t := range a.keys {
		size += t.Bytes()
	}
	switch {
	case len(name) > a.limits.ID:
		return classed(ErrIDTooLong, "an id is longer than %d bytes", a.limits.ID)
	case size > a.limits.NamesSize:
		return classed(ErrNamesTooLarge, "%s together are longer than %d bytes", a.all, a.limits.NamesSize)
	case !a.anyBytes && !utf8.Valid(name):
		return parser.ErrInvalidUTF8
	}
	if a.columns.match(name) {
		a.columns.ids[key].add(id)
	}
	return nil
}
