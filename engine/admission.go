package engine

import (
	"unicode/utf8"

	"fastcount/internal/intern"
	"fastcount/parser"
)

// admission decides whether a new name may be added to the tables of an accumulator,
// and notices names of columns.
type admission struct {
	limits           Limits
	anyBytes         bool // names that are not UTF-8 are admitted
	patients, events *intern.Table
	columns          columnNames
}

func newAdmission(cfg Config) *admission {
	a := &admission{limits: cfg.Limits, anyBytes: cfg.EscapeIDs}
	a.patients = intern.New(func(name []byte, id uint32) error {
		return a.admit(name, id, "patients", a.limits.Patients, &a.columns.patients)
	})
	a.events = intern.New(func(name []byte, id uint32) error {
		return a.admit(name, id, "events", a.limits.Events, &a.columns.events)
	})
	return a
}

// admit returns an error unless name may be added with this id to a table of up
// to limit names. If it is the name of a column, its id is added to columns.
func (a *admission) admit(name []byte, id uint32, what string, limit int, columns *idSet) error {
	switch {
	case len(name) > a.limits.ID:
		return &LimitError{What: "id", Limit: a.limits.ID}
	case int64(id) >= int64(limit):
		return &LimitError{What: what, Limit: limit}
	case a.patients.Bytes()+a.events.Bytes() > a.limits.NamesSize-len(name):
		return &LimitError{What: "names-size", Limit: a.limits.NamesSize}
	case !a.anyBytes && !utf8.Valid(name):
		return parser.ErrInvalidUTF8
	}
	if a.columns.match(name) {
		columns.add(id)
	}
	return nil
}
