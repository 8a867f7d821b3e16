package engine

import (
	"errors"

	"fastcount/internal/intern"
	"fastcount/parser"
)

// restore commits the saved counts of a part. It returns false if the part has
// to be counted, and true if it was committed or has failed.
func (r *run) restore(part int) bool {
	if r.cfg.Load == nil {
		return false
	}
	kept, err := r.cfg.Load(part)
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
		return false // saved with Config.EscapeIDs: counting the part again locates the id
	case err != nil:
		r.fail(part, 0, err)
	default:
		report := kept.Parts[0]
		report.Name, report.Download, report.Kept = r.parts[part].Name(), downloadID(r.parts[part]), true
		r.commit(part, t, report)
	}
	return true
}

// save saves the counts of a part.
func (r *run) save(part int, t *accumulator, report PartReport) error {
	if r.cfg.Save == nil {
		return nil
	}
	kept := &Report{Parts: []PartReport{report}}
	t.fill(kept)
	return r.cfg.Save(part, kept)
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

// load adds the groups of a report to t, which is empty.
func (t *accumulator) load(r *Report) error {
	if len(r.Keys) != len(t.keys) {
		return errOtherKeys
	}
	ids := make([][]uint32, len(t.keys))
	for i, names := range t.keys {
		var err error
		if ids[i], err = idsOfNames(names, r.Keys[i]); err != nil {
			return err
		}
	}
	t.fit()
	ours := make([]uint32, len(t.ids))
	for group, n := range r.All() {
		for i, value := range group {
			ours[i] = ids[i][value]
		}
		t.addGroup(ours, n)
	}
	t.rows, t.bytes = r.Parts[0].Rows, r.Parts[0].Bytes
	return t.checkGroups()
}

var errOtherKeys = errors.New("saved report has other key columns")
