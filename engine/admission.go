package engine

import (
	"unicode/utf8"

	"fastcount/internal/intern"
	"fastcount/parser"
)

// admission decides whether a new name may be added to the tables of an
// accumulator, and notices names of columns.
type admission struct {
	limits           Limits
	anyBytes         bool // names that are not UTF-8 are admitted
	patients, events *intern.Table
	columns          columnNames
}

func newAdmission(cfg Config) *admission {
	a := &admission{limits: cfg.Limits, anyBytes: cfg.EscapeIDs}
	a.patients = intern.New(func(name []byte, id uint32) error {
		if int64(id) >= int64(a.limits.Patients) {
			return classed(ErrTooManyPatients, "more than %d distinct patients", a.limits.Patients)
		}
		return a.admit(name, id, &a.columns.patients)
	})
	a.events = intern.New(func(name []byte, id uint32) error {
		if int64(id) >= int64(a.limits.Events) {
			return classed(ErrTooManyEvents, "more than %d distinct event types", a.limits.Events)
		}
		return a.admit(name, id, &a.columns.events)
	})
	return a
}

// admit returns an error unless name may be added with this id to a table. If
// it is the name of a column, its id is added to columns.
func (a *admission) admit(name []byte, id uint32, columns *idSet) error {
	switch {
	case len(name) > a.limits.ID:
		return classed(ErrIDTooLong, "an id is longer than %d bytes", a.limits.ID)
	case a.patients.Bytes()+a.events.Bytes() > a.limits.NamesSize-len(name):
		return classed(ErrNamesTooLarge, "all patient ids and event types together are longer than %d bytes", a.limits.NamesSize)
	case !a.anyBytes && !utf8.Valid(name):
		return parser.ErrInvalidUTF8
	}
	if a.columns.match(name) {
		columns.add(id)
	}
	return nil
}
