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
// Of other key columns, the first takes the place of the patients and the last
// that of the event types. The header holds their names; with a single key it
// is the name and rows.
//
// CSV has no place for a mark, so an incomplete report looks complete; see
// [Marker].
type Totals struct {
	Safe bool // as CSV.Safe
}

// Write writes the header and the records. Its memory depends on the numbers of
// patients and event types.
func (s Totals) Write(w io.Writer, r *engine.Report) error {
	if err := CheckKeys(s, r.KeyNames()); err != nil {
		return err
	}
	last := len(r.Keys) - 1
	header := []string{r.KeyNames()[last], rowsColumn}
	switch {
	case r.By == nil:
		header = append(header, "patients")
	case last > 0:
		header = append(header, r.By[0])
	}
	c := newCellWriter(w, s.Safe)
	if err := c.write(header...); err != nil {
		return err
	}
	_, distinct := r.Distinct()
	for i, value := range r.Keys[last] {
		cells := []string{value, strconv.FormatUint(r.Totals[i], 10), strconv.Itoa(distinct[i])}
		if err := c.write(cells[:len(header)]...); err != nil {
			return err
		}
	}
	return c.flush()
}
