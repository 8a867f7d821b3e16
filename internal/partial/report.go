package partial

import (
	"io"
	"maps"
	"slices"

	"fastcount/engine"
)

// Read returns the header of a partial result and a report of all of it. It is
// the inverse of [Write]; its errors are those of [Reader].
func Read(r io.Reader) (Header, *engine.Report, error) {
	p, err := NewReader(r)
	if err != nil {
		return Header{}, nil, err
	}
	c := collector{report: &engine.Report{Keys: make([][]string, 2)}, events: make(map[string]uint32)}
	for {
		patient, event, n, err := p.Next()
		if err == io.EOF {
			return p.Header(), c.finish(p), nil
		}
		if err != nil {
			return Header{}, nil, err
		}
		c.add(patient, event, n)
	}
}

// collector gathers the pairs of a partial result in a report. Patients arrive
// in order; event types are numbered as they first occur, and sorted at the
// end.
type collector struct {
	report *engine.Report
	events map[string]uint32
}

func (c *collector) add(patient, event string, n uint64) {
	r := c.report
	if n := len(r.Keys[0]); n == 0 || r.Keys[0][n-1] != patient {
		r.Keys[0] = append(r.Keys[0], patient)
	}
	id, known := c.events[event]
	if !known {
		id = uint32(len(c.events))
		c.events[event] = id
	}
	r.Groups = append(r.Groups, uint32(len(r.Keys[0])-1), id)
	r.Counts = append(r.Counts, n)
}

// finish sorts the event types and completes the report. The pairs of a patient
// arrive in the order of their event types, and so stay sorted.
func (c *collector) finish(p *Reader) *engine.Report {
	r := c.report
	r.Keys[1] = slices.Sorted(maps.Keys(c.events))
	ids := make([]uint32, len(r.Keys[1]))
	for id, event := range r.Keys[1] {
		ids[c.events[event]] = uint32(id)
	}
	r.Totals = make([]uint64, len(r.Keys[1]))
	for group, n := range r.All() {
		group[1] = ids[group[1]]
		r.Totals[group[1]] += n
	}
	r.Parts, r.Rows, r.Bytes = p.Parts(), p.trailer.Rows, p.trailer.Bytes
	return r
}
