package result

import (
	"io"
	"iter"

	"fastcount/engine"
)

// Report yields the groups of a report, as a [Reader] yields those of a file.
type Report struct {
	report *engine.Report
	next   int // index of the next group
	values [2][][]byte
}

// OfReport returns the groups of a report.
func OfReport(r *engine.Report) *Report {
	k := len(r.Keys)
	return &Report{report: r, values: [2][][]byte{make([][]byte, k), make([][]byte, k)}}
}

// Keys returns the names of the key columns.
func (r *Report) Keys() []string { return r.report.KeyNames() }

// Incomplete returns a line for each part that is missing.
func (r *Report) Incomplete() (lines []string) {
	for _, p := range r.report.Incomplete {
		lines = append(lines, p.Part+": "+p.Err.Error())
	}
	return lines
}

// Totals yields the values of the last key column with their rows.
func (r *Report) Totals() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for i, value := range r.report.Keys[len(r.report.Keys)-1] {
			if !yield(value, r.report.Totals[i]) {
				return
			}
		}
	}
}

// Next returns the next group, or io.EOF. The values are valid until the next
// call but one.
func (r *Report) Next() (values [][]byte, n uint64, err error) {
	if r.next == len(r.report.Counts) {
		return nil, 0, io.EOF
	}
	values = r.values[r.next&1]
	group := r.report.Groups[r.next*len(values):][:len(values)]
	for i, index := range group {
		values[i] = append(values[i][:0], r.report.Keys[i][index]...)
	}
	n = r.report.Counts[r.next]
	r.next++
	return values, n, nil
}
