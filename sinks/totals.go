package sinks

import (
	"io"
	"strconv"

	"fastcount/engine"
)

// Totals writes CSV with the header event_type,rows,patients and a record for
// each event type, in the order of the report: the number of its rows, and the
// number of patients who have at least one of them. The latter cannot be added
// up over event types or reports, because a patient may occur in several.
//
// CSV has no place for a mark, so an incomplete report looks complete; see
// [Marker].
type Totals struct {
	Safe bool // as CSV.Safe
}

// Write writes the header and the records. Its memory depends on the number of
// event types.
func (s Totals) Write(w io.Writer, r *engine.Report) error {
	patients := make([]int, len(r.Keys[1]))
	for group := range r.All() {
		patients[group[1]]++
	}
	c := newCellWriter(w, s.Safe)
	if err := c.write("event_type", "rows", "patients"); err != nil {
		return err
	}
	for i, event := range r.Keys[1] {
		if err := c.write(event, strconv.FormatUint(r.Totals[i], 10), strconv.Itoa(patients[i])); err != nil {
			return err
		}
	}
	return c.flush()
}
