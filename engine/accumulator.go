package engine

import (
	"errors"
	"math"

	"fastcount/internal/fused"
	"fastcount/internal/intern"
	"fastcount/parser"
)

// accumulator holds the counts of one attempt at one part, or the total of a
// run. It is used by one goroutine at a time.
type accumulator struct {
	limits   Limits
	patients *intern.Table
	events   *intern.Table
	columns  *columnNames // which of the names are those of columns
	counts   counts
	rows     uint64
	stats    parser.Stats

	unterminated bool // the input ends without a line feed
	bad          badRows
	bytes        uint64 // decoded

	fusedRows uint64 // of rows, those that the fused path counted

	patientIDs, eventIDs []uint32 // of the rows of one block

	fused  *fused.Path  // nil if the fused path is not used
	layout fused.Layout // of fused

	minFused int // see Config.minFused
}

// patientColumn and eventColumn are the columns of a block that an accumulator
// counts.
const (
	patientColumn = iota
	eventColumn
)

// A parser's buffer has the slack that package intern and package fused read.
const (
	_ = uint(parser.Slack - intern.Slack)
	_ = uint(parser.Slack - fused.Slack)
)

func newAccumulator(cfg Config) *accumulator {
	a := newAdmission(cfg)
	return &accumulator{limits: cfg.Limits, patients: a.patients, events: a.events, columns: &a.columns, minFused: cfg.minFused}
}

// add counts the rows of a block. The error matches ErrLimit, or is a
// *parser.SyntaxError with the position of the first id that cannot be counted,
// which wraps parser.ErrInvalidUTF8 or matches ErrLimit. After an error t must
// only be reset. Nothing is allocated unless the block holds a new name.
func (t *accumulator) add(b *parser.Block) error {
	if len(t.patientIDs) < b.Rows {
		t.patientIDs, t.eventIDs = make([]uint32, b.Rows), make([]uint32, b.Rows)
	}
	patients, events := t.patientIDs[:b.Rows], t.eventIDs[:b.Rows]
	if err := t.intern(b, patients, events); err != nil {
		return err
	}
	t.counts.fit(t.patients.Len(), t.events.Len())
	t.counts.addOnes(patients, events)
	t.rows += uint64(b.Rows)
	if t.counts.sparse != nil {
		return t.checkPairs()
	}
	return nil
}

// minRecord is the least record limit with which the fused path is used. The
// fused path does not check the lengths of records, all of which are shorter
// than this.
const minRecord = 512

// maxFusedPatients is the number of patients up to which the fused path is
// used. It waits for each look-up that misses the cache; with more names,
// looking them up in batches is faster.
const maxFusedPatients = 32 << 10

// prepare prepares t for records with this header.
func (t *accumulator) prepare(h *parser.Header, c parser.Config) {
	d := c.Dialect
	layout := fused.Layout{Delimiter: d.Delimiter[0], Quote: d.Quote, NoQuote: d.NoQuote, Width: h.Width(),
		First: h.Column(patientColumn), Second: h.Column(eventColumn)}
	t.columns.set(h)
	switch {
	case c.Limits.MaxRecord > 0 && c.Limits.MaxRecord < minRecord || !fusible(d) || min(layout.First, layout.Second) < 0:
		t.fused = nil
	case t.fused == nil || layout != t.layout:
		t.fused, t.layout = fused.New(layout, t.columns.leave), layout
	}
}

// fusible reports whether the fused path reads records of dialect d as the
// parser does. It does not matter to records that it leaves to the parser:
// those with another number of fields, and, in dialects that do not exclude it,
// those that repeat the header.
func fusible(d parser.Dialect) bool {
	return len(d.Delimiter) == 1 && d.Escape == 0 && d.Comment == "" && !d.Trim
}

// countFused counts records from the beginning of data, as far as the fused
// path goes, but none that begins at data[stop] or later. It returns the
// numbers of bytes and records. The fused path counts only names that add has
// seen.
func (t *accumulator) countFused(data []byte, stop int) (used, rows int) {
	if t.fused == nil || t.counts.sparse != nil || t.patients.Len() > maxFusedPatients || t.fusedRows == 0 && len(data) < t.minFused {
		return 0, 0
	}
	used, rows = t.fused.Count(data, stop, t.patients, t.events, t.counts.dense, t.counts.stride)
	t.rows += uint64(rows)
	t.fusedRows += uint64(rows)
	return used, rows
}

// intern sets patients and events to the ids of the block's names. The error is
// about the first name in the input that cannot be counted, regardless of how
// the input was split into blocks.
func (t *accumulator) intern(b *parser.Block, patients, events []uint32) error {
	good, errPatient := idsOfColumn(t.patients, patients, b, patientColumn)
	n, errEvent := idsOfColumn(t.events, events[:good], b, eventColumn)
	if row := t.columns.find(patients[:n], events[:n]); row >= 0 {
		return b.ErrorAt(row, patientColumn, t.columns.err)
	}
	switch {
	case errEvent != nil:
		return b.ErrorAt(n, eventColumn, errEvent)
	case errPatient != nil:
		return b.ErrorAt(good, patientColumn, errPatient)
	}
	return nil
}

// idsOfColumn sets ids to those of the names in the first rows of a column. It
// returns how many there are before the first name that cannot be counted.
func idsOfColumn(names *intern.Table, ids []uint32, b *parser.Block, column int) (int, error) {
	c := &b.Columns[column]
	if c.Constant == nil {
		return names.IDs(ids, b.Data, c.Starts[:len(ids)], c.Ends[:len(ids)])
	}
	if len(ids) == 0 {
		return 0, nil
	}
	id, err := names.ID(c.Constant)
	if err != nil {
		return 0, err
	}
	for i := range ids {
		ids[i] = id
	}
	return len(ids), nil
}

func (t *accumulator) checkPairs() error {
	if t.counts.pairs() > t.limits.Pairs {
		return classed(ErrTooManyPairs, "more than %d distinct pairs", t.limits.Pairs)
	}
	return nil
}

// errTooManyRows reports that the number of rows exceeds 64 bits. Only counts
// of earlier runs can be that large.
var errTooManyRows = errors.New("too many rows to count")

// merge adds the counts of o to t, and may take its tables: o must only be
// reset afterwards. The error matches ErrLimit or is errTooManyRows; after it t
// must not be used.
func (t *accumulator) merge(o *accumulator) error {
	if t.rows > math.MaxUint64-o.rows { // no pair, and no total, has more rows than all together
		return errTooManyRows
	}
	if t.rows == 0 && t.patients.Len() == 0 {
		o.bytes += t.bytes
		o.stats.Add(t.stats)
		o.unterminated = o.unterminated || t.unterminated
		*t, *o = *o, *t
		t.columns.reset() // records are not counted into a sum
		return t.checkPairs()
	}
	patients, err := idsOf(t.patients, o.patients)
	if err != nil {
		return err
	}
	events, err := idsOf(t.events, o.events)
	if err != nil {
		return err
	}
	t.counts.fit(t.patients.Len(), t.events.Len())
	o.counts.each(func(patient, event uint32, n uint64) {
		t.counts.add(patients[patient], events[event], n)
	})
	t.rows += o.rows
	t.bytes += o.bytes
	t.stats.Add(o.stats)
	t.unterminated = t.unterminated || o.unterminated
	return t.checkPairs()
}

// idsOf returns the ids in table of all names of names.
func idsOf(table, names *intern.Table) ([]uint32, error) {
	ids := make([]uint32, names.Len())
	for i := range ids {
		id, err := table.ID(names.Name(uint32(i)))
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// reset empties t for another attempt.
func (t *accumulator) reset() {
	t.patients.Reset()
	t.events.Reset()
	t.counts.reset()
	t.columns.reset()
	t.rows, t.fusedRows, t.bytes, t.stats, t.bad = 0, 0, 0, parser.Stats{}, badRows{}
	t.unterminated = false
	if t.fused != nil {
		t.fused.Reset()
	}
}

// fill sets the keys, groups and totals of a report, sorted.
func (t *accumulator) fill(r *Report) {
	patients, patientIDs := sorted(t.patients)
	events, eventIDs := sorted(t.events)
	r.Keys = [][]string{patients, events}
	r.Groups, r.Counts = t.counts.sorted(patientIDs, eventIDs)
	r.Totals = make([]uint64, len(events))
	for group, n := range r.All() {
		r.Totals[group[eventColumn]] += n
	}
	r.Rows, r.Bytes = t.rows, t.bytes
}
