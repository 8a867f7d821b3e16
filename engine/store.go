package engine

import (
	"errors"

	"fastcount/internal/intern"
	"fastcount/parser"
)

// Store keeps what was counted of finished parts from one run to the next. It is called by several goroutines at once.
type Store interface {
	// Load returns what was kept of the part with this index, or nil where nothing is, or nothing that is whole.
	// The report is of one part, and lacks nothing. An error fails the part.
	Load(part int) (*Report, error)

	// Save keeps what was counted of a part, before it is counted as finished. An error fails the part. Its ids are
	// as they stand in the input, whatever Config.EscapeIDs says. A part that lacks something, rows that were left out
	// or what was declared, is never given.
	Save(part int, r *Report) error
}

// restore commits what was kept of a part, and reports whether there was anything, or the part has failed.
func (r *run) restore(part int) bool {
	if r.cfg.Store == nil {
		return false
	}
	kept, err := r.cfg.Store.Load(part)
	if err == nil && kept == nil {
		return false
	}
	t := r.borrow()
	defer r.giveBack(t)
	if err == nil {
		err = t.load(kept)
	}
	switch {
	case errors.Is(err, parser.ErrInvalidUTF8):
		return false // kept with Config.EscapeIDs: counting the part again tells where the id is
	case err != nil:
		r.fail(part, 0, err)
	default:
		report := kept.Parts[0]
		report.Name, report.Download, report.Kept = r.parts[part].Name(), downloadID(r.parts[part]), true
		r.commit(part, t, report)
	}
	return true
}

// save keeps what was counted of a part.
func (r *run) save(part int, t *accumulator, report PartReport) error {
	if r.cfg.Store == nil {
		return nil
	}
	kept := &Report{Parts: []PartReport{report}}
	t.fill(kept)
	return r.cfg.Store.Save(part, kept)
}

func idsOfNames(table *intern.Table, names []string) ([]uint32, error) {
	ids := make([]uint32, len(names))
	for i, name := range names {
		id, err := table.ID([]byte(name))
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// load counts what a report holds into t, which is empty.
func (t *accumulator) load(r *Report) error {
	patients, err := idsOfNames(t.patients, r.Patients)
	if err != nil {
		return err
	}
	events, err := idsOfNames(t.events, r.Events)
	if err != nil {
		return err
	}
	t.counts.fit(len(patients), len(events))
	for _, p := range r.Pairs {
		t.counts.add(patients[p.Patient], events[p.Event], p.Count)
	}
	t.rows, t.bytes = r.Parts[0].Rows, r.Parts[0].Bytes
	return t.checkPairs()
}
