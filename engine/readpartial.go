package engine

import (
	"io"
	"maps"
	"slices"
)

// ReadPartial reads a whole partial result into a report, the opposite of WritePartial. Errors are those of
// PartialReader.
func ReadPartial(r io.Reader) (PartialHead, *Report, error) {
	p, err := NewPartialReader(r)
	if err != nil {
		return PartialHead{}, nil, err
	}
	c := collector{report: new(Report), events: make(map[string]uint32)}
	for {
		patient, event, n, err := p.Next()
		if err == io.EOF {
			return p.Head(), c.finish(p), nil
		}
		if err != nil {
			return PartialHead{}, nil, err
		}
		c.add(patient, event, n)
	}
}

// collector gathers the pairs of a partial result in a report. Patients come in order; event types are numbered as they
// come, and sorted at the end.
type collector struct {
	report *Report
	events map[string]uint32
}

func (c *collector) add(patient, event string, n uint64) {
	r := c.report
	if last := len(r.Patients) - 1; last < 0 || r.Patients[last] != patient {
		r.Patients = append(r.Patients, patient)
	}
	id, known := c.events[event]
	if !known {
		id = uint32(len(c.events))
		c.events[event] = id
	}
	r.Pairs = append(r.Pairs, Pair{uint32(len(r.Patients) - 1), id, n})
}

// finish sorts the event types. The pairs of a patient come in their order, and so stay sorted.
func (c *collector) finish(p *PartialReader) *Report {
	r := c.report
	r.Events = slices.Sorted(maps.Keys(c.events))
	ids := make([]uint32, len(r.Events))
	for id, event := range r.Events {
		ids[c.events[event]] = uint32(id)
	}
	r.Totals = make([]uint64, len(r.Events))
	for i := range r.Pairs {
		pair := &r.Pairs[i]
		pair.Event = ids[pair.Event]
		r.Totals[pair.Event] += pair.Count
	}
	r.Parts, r.Rows, r.Bytes = p.Parts(), p.foot.Rows, p.foot.Bytes
	return r
}
