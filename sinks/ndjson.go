package sinks

import (
	"io"
	"slices"
	"strconv"

	"fastcount/engine"
)

// NDJSON writes a line with a JSON object for each pair that occurred:
//
//	{"patient_id":"P001","event_type":"bp_dia","count":3106}
//
// Strings are escaped as [JSON] does, so that line breaks occur only between
// objects. For an empty report nothing is written.
//
// An incomplete report has another line at the end: an object with the member
// "incomplete" of [JSON].
type NDJSON struct {
	Order Order // of the patients

	// Top, if not 0, is the number of patients to write, those with the
	// largest totals.
	Top int
}

// MarksIncomplete implements [Marker]. It returns true.
func (NDJSON) MarksIncomplete() bool { return true }

// Write writes the lines. Its memory depends only on the event types, unless
// Order or Top is set. It returns an error if an id is not valid UTF-8.
func (s NDJSON) Write(w io.Writer, r *engine.Report) error {
	if err := validIDs(r); err != nil {
		return err
	}
	between := make([][]byte, len(r.Keys[1])) // text between a patient and a count, by event type
	for i, event := range r.Keys[1] {
		quoted := appendJSONString(nil, event)
		between[i] = slices.Concat([]byte(`,"event_type":`), quoted, []byte(`,"count":`))
	}
	b := buffered(w)
	for group, n := range (selection{s.Order, s.Top}).groups(r) {
		line := append(b.AvailableBuffer(), `{"patient_id":`...)
		line = appendJSONString(line, r.Keys[0][group[0]])
		line = append(line, between[group[1]]...)
		line = strconv.AppendUint(line, n, 10)
		b.Write(append(line, "}\n"...))
	}
	if len(r.Incomplete) > 0 {
		p := jsonPrinter{b: b, compact: true}
		p.open('{')
		p.incomplete(r)
		p.close('}')
		b.WriteByte('\n')
	}
	return b.Flush()
}
