package engine

import (
	"errors"
	"math"
)

// Counter adds up counts of groups, such as those of several reports, within
// limits. It is not safe for concurrent use.
type Counter struct {
	total *accumulator

	last    string // patient of the last group, whose id is patient
	patient uint32
}

// NewCounter returns an empty Counter of groups with the key columns by, as
// Report.By. Values may hold any bytes.
func NewCounter(by []string, limits Limits) (*Counter, error) {
	if by != nil {
		return nil, errors.New("key columns other than the default two are not supported")
	}
	cfg, err := Config{Limits: limits, EscapeIDs: true}.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Counter{total: newAccumulator(cfg)}, nil
}

// Add adds n rows of a group, which is more than 0. values holds the value of
// each key column and is not kept. Adding groups with the same first value one
// after another is faster. The error matches ErrLimit, or reports that there
// are too many rows to count; c must not be used after it.
func (c *Counter) Add(values []string, n uint64) (err error) {
	t := c.total
	patient, event := values[patientColumn], values[eventColumn]
	if t.rows > math.MaxUint64-n {
		return errTooManyRows
	}
	if patient != c.last || t.rows == 0 {
		if c.patient, err = t.patients.ID([]byte(patient)); err != nil {
			return err
		}
		c.last = patient
	}
	id, err := t.events.ID([]byte(event))
	if err != nil {
		return err
	}
	cells := len(t.counts.dense)
	t.counts.fit(t.patients.Len(), t.events.Len())
	t.counts.add(c.patient, id, n)
	t.rows += n
	if t.counts.sparse != nil || len(t.counts.dense) != cells {
		return t.checkPairs() // rarely, where that takes time
	}
	return nil
}

// Report returns the sum, with parts as its parts. It escapes ids as
// Config.EscapeIDs does if escapeIDs is set. The error matches ErrLimit. c must
// not be used afterwards.
func (c *Counter) Report(parts []PartReport, escapeIDs bool) (*Report, error) {
	if err := c.total.checkPairs(); err != nil {
		return nil, err
	}
	for _, p := range parts {
		c.total.bytes += p.Bytes
	}
	return c.total.finalReport(&Report{Parts: parts}, escapeIDs), nil
}

// finalReport fills a report with all that t holds, which must not be used
// afterwards.
func (t *accumulator) finalReport(r *Report, escape bool) *Report {
	if escape {
		t.patients, t.events = escapedTable(t.patients), escapedTable(t.events)
	}
	t.fill(r)
	return r
}
