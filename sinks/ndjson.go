package sinks

import (
	"io"
	"slices"
	"strconv"

	"fastcount/engine"
)

// NDJSON writes one compact JSON object a line for each pair that occurred, in the order of the report:
//
//	{"patient_id":"P001","event_type":"bp_dia","count":3106}
//
// Strings are escaped as in JSON, so that a line break stands only between objects. An empty report is no line.
//
// An incomplete report has a last line more, an object with the member "incomplete" as JSON writes it.
type NDJSON struct{}

// MarksIncomplete implements Marker.
func (NDJSON) MarksIncomplete() bool { return true }

// Write writes the lines. The memory it takes depends on the event types alone.
func (NDJSON) Write(w io.Writer, r *engine.Report) error {
	if err := validIDs(r); err != nil {
		return err
	}
	between := make([][]byte, len(r.Events)) // from a patient to a count, by event type
	for i, event := range r.Events {
		quoted := appendJSONString(nil, event)
		between[i] = slices.Concat([]byte(`,"event_type":`), quoted, []byte(`,"count":`))
	}
	b := buffered(w)
	for _, pair := range r.Pairs {
		line := append(b.AvailableBuffer(), `{"patient_id":`...)
		line = appendJSONString(line, r.Patients[pair.Patient])
		line = append(line, between[pair.Event]...)
		line = strconv.AppendUint(line, pair.Count, 10)
		b.Write(append(line, "}\n"...))
	}
	if len(r.Shortfalls) > 0 {
		p := jsonPrinter{b: b, compact: true}
		p.open('{')
		p.incomplete(r)
		p.close('}')
		b.WriteByte('\n')
	}
	return b.Flush()
}
