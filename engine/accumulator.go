package engine

import (
	"math"

	"fastcount/internal/fused"
	"fastcount/internal/intern"
	"fastcount/internal/isotime"
	"fastcount/parser"
)

// accumulator holds the counts of one attempt at one part, or the total of a
// run. It is used by one goroutine at a time.
type accumulator struct {
	limits  Limits
	by      []string        // Report.By
	keys    []*intern.Table // the values of each key column
	columns *columnNames    // which of the values are names of columns
	counts  counts          // of one or two key columns
	tuples  *intern.Tuples  // of more; otherwise nil
	rows    uint64
	stats   parser.Stats

	unterminated bool // the input ends without a line feed
	bad          badRows
	bytes        uint64 // decoded

	fusedRows uint64 // of rows, those that the fused path counted

	window *isotime.Window // declared times, with which those of column len(keys) of a block are compared; or nil
	times  isotime.Counts  // results of that

	// ids holds the ids of the rows of one block, by key column. If there is
	// only one, a column of zeros makes pairs of its values.
	ids [][]uint32

	fusible bool         // the fused path can be used
	fused   *fused.Path  // nil if it is not used
	layout  fused.Layout // of fused

	minFused int // see Config.minFused
}

// A parser's buffer has the slack that packages intern, fused and isotime read.
const (
	_ = uint(parser.Slack - intern.Slack)
	_ = uint(parser.Slack - fused.Slack)
	_ = uint(parser.Slack - isotime.Slack)
)

func newAccumulator(cfg Config) *accumulator {
	a := newAdmission(cfg)
	t := &accumulator{limits: cfg.Limits, by: cfg.keyNames(), keys: a.keys, columns: &a.columns, minFused: cfg.minFused}
	t.ids = make([][]uint32, max(2, len(t.keys)))
	if len(t.keys) > 2 {
		t.tuples = intern.NewTuples(len(t.keys))
	}
	_, buckets := cfg.columns()
	t.fusible = len(t.keys) == 2 && buckets == nil
	return t
}

// add counts the rows of a block. The error matches ErrLimit, or is a
// *parser.SyntaxError with the position of the first value that cannot be
// counted, which wraps parser.ErrInvalidUTF8 or matches ErrLimit. After an
// error t must only be reset. Nothing is allocated unless the block holds a new
// value or group.
func (t *accumulator) add(b *parser.Block) error {
	if len(t.ids[0]) < b.Rows {
		for i := range t.ids {
			t.ids[i] = make([]uint32, b.Rows)
		}
	}
	if err := t.intern(b); err != nil {
		return err
	}
	t.rows += uint64(b.Rows)
	if t.window != nil {
		c := &b.Columns[len(t.keys)]
		t.window.Count(&t.times, b.Data, c.Starts, c.Ends)
	}
	if t.tuples != nil {
		t.tuples.AddOnes(t.ids, b.Rows)
		return t.checkGroups()
	}
	t.fit()
	t.counts.addOnes(t.ids[0][:b.Rows], t.ids[1][:b.Rows])
	if t.counts.sparse != nil {
		return t.checkGroups()
	}
	return nil
}

// fit grows t.counts for all values.
func (t *accumulator) fit() {
	second := 1
	if len(t.keys) == 2 {
		second = t.keys[1].Len()
	}
	t.counts.fit(t.keys[0].Len(), second)
}

// addGroup adds n rows, more than 0, of the group with these ids, one for each
// of t.ids. Values were not added to t.keys since the last call of fit.
func (t *accumulator) addGroup(ids []uint32, n uint64) {
	if t.tuples != nil {
		t.tuples.Add(ids, n)
		return
	}
	t.counts.add(ids[0], ids[1], n)
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
	var fallback []string
	if t.by == nil {
		fallback = defaultNames
	}
	t.columns.set(h, fallback)
	if !t.fusible {
		return
	}
	d := c.Dialect
	layout := fused.Layout{Delimiter: d.Delimiter[0], Quote: d.Quote, NoQuote: d.NoQuote, Width: h.Width(), First: h.Column(0), Second: h.Column(1)}
	switch {
	case t.window != nil || c.Limits.MaxRecord > 0 && c.Limits.MaxRecord < minRecord || !fusible(d) || min(layout.First, layout.Second) < 0:
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
	if t.fused == nil || t.counts.sparse != nil || t.keys[0].Len() > maxFusedPatients || t.fusedRows == 0 && len(data) < t.minFused {
		return 0, 0
	}
	used, rows = t.fused.Count(data, stop, t.keys[0], t.keys[1], t.counts.dense, t.counts.stride)
	t.rows += uint64(rows)
	t.fusedRows += uint64(rows)
	return used, rows
}

// intern sets t.ids to the ids of the block's values. The error is about the
// first value in the input that cannot be counted, regardless of how the input
// was split into blocks.
func (t *accumulator) intern(b *parser.Block) error {
	good, column := b.Rows, 0 // rows before the first value that cannot be counted, and its column
	var failure error
	for i, names := range t.keys {
		n, err := idsOfColumn(names, t.ids[i][:good], b, i)
		if err != nil {
			good, column, failure = n, i, err
		}
	}
	if row := t.columns.find(t.ids, good); row >= 0 {
		return b.ErrorAt(row, 0, t.columns.err)
	}
	if failure != nil {
		return b.ErrorAt(good, column, failure)
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

// checkGroups returns an error if there are too many groups.
func (t *accumulator) checkGroups() error {
	n, what := len(t.counts.dense), "groups" // not more than these pairs can occur
	switch {
	case t.tuples != nil:
		n = t.tuples.Len()
	case n == 0 || n > t.limits.Pairs:
		n = t.counts.pairs()
	}
	if n <= t.limits.Pairs {
		return nil
	}
	if len(t.keys) == 2 {
		what = "pairs"
	}
	return classed(ErrTooManyPairs, "more than %d distinct %s", t.limits.Pairs, what)
}

// merge adds the counts of o to t, and may take its tables: o must only be
// reset afterwards. The error matches ErrLimit; after it t must not be used.
func (t *accumulator) merge(o *accumulator) error {
	// No group, and no total, has more rows than all together.
	if t.rows > math.MaxUint64-o.rows || t.bytes > math.MaxUint64-o.bytes {
		return ErrOverflow
	}
	if t.rows == 0 && t.keys[0].Len() == 0 {
		o.bytes += t.bytes
		o.stats.Add(t.stats)
		o.times.Add(t.times)
		o.unterminated = o.unterminated || t.unterminated
		*t, *o = *o, *t
		t.columns.reset() // records are not counted into a sum
		return t.checkGroups()
	}
	ids := make([][]uint32, len(t.ids)) // by key column, the id in t of each value of o
	ids[1] = []uint32{0}
	for i, names := range t.keys {
		var err error
		if ids[i], err = idsOf(names, o.keys[i]); err != nil {
			return err
		}
	}
	t.fit()
	group := make([]uint32, len(ids))
	o.drain(func(other []uint32, n uint64) {
		for i, id := range other {
			group[i] = ids[i][id]
		}
		t.addGroup(group, n)
	})
	t.rows += o.rows
	t.bytes += o.bytes
	t.stats.Add(o.stats)
	t.times.Add(o.times)
	t.unterminated = t.unterminated || o.unterminated
	return t.checkGroups()
}

// drain calls f for every group, in no particular order, with one id for each
// of t.ids, and releases the memory of the groups. f must not keep the ids.
func (t *accumulator) drain(f func(ids []uint32, n uint64)) {
	if t.tuples != nil {
		t.tuples.Drain(f)
		return
	}
	t.counts.drain(f)
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
	for _, names := range t.keys {
		names.Reset()
	}
	t.counts.reset()
	if t.tuples != nil {
		t.tuples.Reset()
	}
	t.columns.reset()
	t.rows, t.fusedRows, t.bytes, t.stats, t.bad = 0, 0, 0, parser.Stats{}, badRows{}
	t.window, t.times, t.unterminated = nil, isotime.Counts{}, false
	if t.fused != nil {
		t.fused.Reset()
	}
}

// fill sets the keys, groups and totals of a report, sorted. Unless keep is
// set, it releases the memory of values and groups, and t must not be used
// afterwards.
func (t *accumulator) fill(r *Report, keep bool) {
	ids := make([][]uint32, len(t.ids)) // in the order of the values
	ids[1] = []uint32{0}
	r.By, r.Keys = t.by, make([][]string, len(t.keys))
	for i, names := range t.keys {
		if !keep {
			names.Freeze()
			t.keys[i] = nil
		}
		r.Keys[i], ids[i] = sorted(names)
	}
	tuples := t.tuples
	if tuples == nil {
		tuples = t.counts.sparse
	}
	switch {
	case tuples == nil:
		r.Groups, r.Counts = t.counts.sorted(ids[0], ids[1])
	case keep:
		r.Groups, r.Counts = sortedGroups(tuples.Each, tuples.Len(), ids)
	default:
		r.Groups, r.Counts = sortedGroups(tuples.Drain, tuples.Len(), ids)
	}
	if len(t.keys) == 1 {
		r.Groups = r.Groups[:len(r.Counts)]
		for i := range r.Groups {
			r.Groups[i] = uint32(i) // each value occurs
		}
	}
	last := len(t.keys) - 1
	r.Totals = make([]uint64, len(r.Keys[last]))
	for group, n := range r.All() {
		r.Totals[group[last]] += n
	}
	r.Rows, r.Bytes = t.rows, t.bytes
}
