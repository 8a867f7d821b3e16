package sinks

import (
	"io"
	"strconv"

	"fastcount/engine"
)

// NDJSON writes one compact JSON object a line for each pair that occurred, in the order of the report:
//
//	{"patient_id":"P001","event_type":"bp_dia","count":3106}
//
// Strings are escaped as in JSON, so that a line break stands only between objects. An empty report is no line.
type NDJSON struct{}

// Write writes the lines. The memory it takes does not depend on the size of the report.
func (NDJSON) Write(w io.Writer, r *engine.Report) error {
	if err := validIDs(r); err != nil {
		return err
	}
	b := buffered(w)
	for _, pair := range r.Pairs {
		line := append(b.AvailableBuffer(), `{"patient_id":`...)
		line = appendJSONString(line, r.Patients[pair.Patient])
		line = append(line, `,"event_type":`...)
		line = appendJSONString(line, r.Events[pair.Event])
		line = append(line, `,"count":`...)
		line = strconv.AppendUint(line, pair.Count, 10)
		b.Write(append(line, "}\n"...))
	}
	return b.Flush()
}
