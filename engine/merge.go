package engine

import (
	"io"
	"math"
	"slices"
)

// Merger adds partial results up. Its memory is that of their sum.
type Merger struct {
	total *tally
	parts []PartReport
}

// NewMerger returns an empty Merger. Going over one of the limits, 0 being the default, is a *LimitError.
func NewMerger(limits Limits) (*Merger, error) {
	cfg, err := Config{Limits: limits, EscapeIDs: true}.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Merger{total: newTally(cfg)}, nil
}

// Add counts everything in p, of which nothing must have been read. The error matches ErrDamaged if p does or if the sum
// is too large, or it is a *LimitError. After an error, m cannot be used any more.
func (m *Merger) Add(p *PartialReader) error {
	var last string
	var patient uint32
	for first := true; ; first = false {
		name, event, n, err := p.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if first || name != last {
			if patient, err = m.total.patients.ID([]byte(name)); err != nil {
				return err
			}
			last = name
		}
		if err := m.total.addPair(patient, event, n); err != nil {
			return err
		}
	}
	if m.total.bytes > math.MaxUint64-p.foot.Bytes {
		return damaged("more bytes than can be counted")
	}
	m.total.bytes += p.foot.Bytes
	m.parts = append(m.parts, p.Parts()...)
	return m.total.checkPairs()
}

// addPair adds n rows of a patient that t knows.
func (t *tally) addPair(patient uint32, event string, n uint64) error {
	id, err := t.events.ID([]byte(event))
	if err != nil {
		return err
	}
	if t.rows > math.MaxUint64-n {
		return damaged("more rows than can be counted")
	}
	t.counts.fit(t.patients.Len(), t.events.Len())
	t.counts.add(patient, id, n)
	t.rows += n
	return nil
}

// Report returns the sum, with parts as its parts. Escape is Config.EscapeIDs. m is of no more use.
func (m *Merger) Report(parts []PartReport, escape bool) *Report {
	return m.total.finalReport(&Report{Parts: parts}, escape)
}

// Parts returns the parts of all that was added.
func (m *Merger) Parts() []PartReport { return slices.Clone(m.parts) }

// finalReport fills a report with all that t holds, which is of no more use then.
func (t *tally) finalReport(r *Report, escape bool) *Report {
	if escape {
		t.patients, t.events = escapedTable(t.patients), escapedTable(t.events)
	}
	t.fill(r)
	return r
}
