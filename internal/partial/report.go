package partial

import (
	"io"
	"maps"
	"slices"

	"fastcount/engine"
)

// Read returns the header of a partial result and a report of all of it,
// without plan entries. It is the inverse of [Write]; its errors are those of
// [Reader].
func Read(r io.Reader) (Header, *engine.Report, error) {
	p, err := NewReader(r)
	if err != nil {
		return Header{}, nil, err
	}
	c := newCollector(p.Header())
	for {
		values, n, err := p.Next()
		if err == io.EOF {
			return p.Header(), c.finish(p), nil
		}
		if err != nil {
			return Header{}, nil, err
		}
		c.add(values, n)
	}
}

// collector gathers the groups of a partial result in a report. Values of the
// first key column arrive in order. Those of the others are numbered as they
// first occur, and sorted at the end.
type collector struct {
	report *engine.Report
	known  []map[string]uint32 // numbers of the values, by key column; of the first nil
}

func newCollector(h Header) *collector {
	keys := len(h.KeyNames())
	c := &collector{&engine.Report{By: h.By, Keys: make([][]string, keys)}, make([]map[string]uint32, keys)}
	for i := range c.known[1:] {
		c.known[i+1] = make(map[string]uint32)
	}
	return c
}

func (c *collector) add(values []string, n uint64) {
	r := c.report
	if n := len(r.Keys[0]); n == 0 || r.Keys[0][n-1] != values[0] {
		r.Keys[0] = append(r.Keys[0], values[0])
	}
	r.Groups = append(r.Groups, uint32(len(r.Keys[0])-1))
	for i, v := range values[1:] {
		known := c.known[i+1]
		id, ok := known[v]
		if !ok {
			id = uint32(len(known))
			known[v] = id
		}
		r.Groups = append(r.Groups, id)
	}
	r.Counts = append(r.Counts, n)
}

// finish sorts the values and completes the report. Groups arrive in the order
// of their values, and so stay sorted.
func (c *collector) finish(p *Reader) *engine.Report {
	r := c.report
	sorted := make([][]uint32, len(r.Keys)) // by number, the index in the sorted values
	for i, known := range c.known[1:] {
		values := slices.Sorted(maps.Keys(known))
		ids := make([]uint32, len(values))
		for id, v := range values {
			ids[known[v]] = uint32(id)
		}
		r.Keys[i+1], sorted[i+1] = values, ids
	}
	last := len(r.Keys) - 1
	r.Totals = make([]uint64, len(r.Keys[last]))
	for group, n := range r.All() {
		for i := range group[1:] {
			group[i+1] = sorted[i+1][group[i+1]]
		}
		r.Totals[group[last]] += n
	}
	r.Parts, r.Rows, r.Bytes = Reports(p.trailer.Parts), p.trailer.Rows, p.trailer.Bytes
	return r
}
