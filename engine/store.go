package engine

import (
	"context"
	"errors"
	"math"

	"fastcount/internal/intern"
	"fastcount/parser"
)

// restore commits everything that was saved.
func (r *run) restore(ctx context.Context) {
	if r.cfg.Load == nil {
		return
	}
	for parts, kept := range r.cfg.Load {
		if ctx.Err() != nil {
			return
		}
		r.restoreReport(parts, kept)
	}
}

// restoreReport commits a saved report of parts. If its counts exceed a limit,
// the part has failed, or with several parts the run.
func (r *run) restoreReport(parts []int, kept *Report) {
	t := r.borrow()
	defer r.giveBack(t)
	err := t.load(kept)
	switch {
	case errors.Is(err, parser.ErrInvalidUTF8):
		return // saved with Config.EscapeIDs: counting the parts again locates the id
	case err != nil && len(parts) == 1:
		r.fail(parts[0], 0, err)
		return
	case err != nil && r.overflow == nil:
		r.overflow = err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, part := range parts {
		report := kept.Parts[i]
		report.Name, report.Download, report.Kept = r.parts[part].Name(), downloadID(r.parts[part]), true
		r.finish(part, report)
	}
	r.add(t)
}

// restored reports whether a part was committed or has failed before it was
// read.
func (r *run) restored(part int) bool {
	return r.reports[part].Kept || r.reports[part].Failed
}

// save saves the counts of a part.
func (r *run) save(part int, t *accumulator, report PartReport) error {
	if r.cfg.Save == nil {
		return nil
	}
	kept := &Report{Parts: []PartReport{report}}
	t.fill(kept, true)
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
	for _, p := range r.Parts {
		if t.rows > math.MaxUint64-p.Rows || t.bytes > math.MaxUint64-p.Bytes {
			return ErrOverflow
		}
		t.rows += p.Rows
		t.bytes += p.Bytes
	}
	return t.checkGroups()
}

var errOtherKeys = errors.New("saved report has other key columns")
