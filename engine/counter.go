package engine

import (
	"math"

	"fastcount/parser"
)

// Counter adds up counts of groups, such as those of several reports, within
// limits. It is not safe for concurrent use.
type Counter struct {
	// EscapeIDs makes Report escape ids as Config.EscapeIDs does.
	EscapeIDs bool

	total *accumulator
	last  string   // first value of the last group
	ids   []uint32 // of the last group
	name  []byte   // value that is being looked up
}

// NewCounter returns an empty Counter of groups with the key columns by, as
// Report.By. Values may hold any bytes.
func NewCounter(by []string, limits Limits) (*Counter, error) {
	cfg := Config{Limits: limits, EscapeIDs: true}
	for _, name := range by {
		cfg.By = append(cfg.By, KeyColumn{Name: name, Column: parser.Selector{Name: name}})
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	t := newAccumulator(cfg)
	return &Counter{total: t, ids: make([]uint32, len(t.ids))}, nil
}

// Add adds n rows of a group, which is more than 0. values holds the value of
// each key column and is not kept. Adding groups with the same first value one
// after another is faster. The error matches ErrLimit; c must not be used after
// it.
func (c *Counter) Add(values []string, n uint64) (err error) {
	t := c.total
	if t.rows > math.MaxUint64-n {
		return ErrOverflow
	}
	for i, names := range t.keys {
		if i == 0 && values[0] == c.last && t.rows > 0 {
			continue
		}
		c.name = append(c.name[:0], values[i]...)
		if c.ids[i], err = names.ID(c.name); err != nil {
			return err
		}
	}
	c.last = values[0]
	cells := len(t.counts.dense)
	t.fit()
	t.addGroup(c.ids, n)
	t.rows += n
	if t.tuples != nil || t.counts.sparse != nil || len(t.counts.dense) != cells {
		return t.checkGroups() // rarely, where that takes time
	}
	return nil
}

// Report returns the sum, with parts as its parts. The error matches ErrLimit.
// c must not be used afterwards.
func (c *Counter) Report(parts []PartReport) (*Report, error) {
	if err := c.total.checkGroups(); err != nil {
		return nil, err
	}
	for _, p := range parts {
		c.total.bytes += p.Bytes
	}
	return c.total.finalReport(&Report{Parts: parts}, c.EscapeIDs), nil
}

// finalReport fills a report with all that t holds, which must not be used
// afterwards.
func (t *accumulator) finalReport(r *Report, escape bool) *Report {
	if escape {
		for i, names := range t.keys {
			t.keys[i] = escapedTable(names)
		}
	}
	t.fill(r, false)
	return r
}
