package sinks

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"fastcount/engine"
)

// CSV writes the header patient_id,event_type,count and a record for each pair that occurred, in the order of the
// report. Records end in a line feed; fields are quoted where RFC 4180 asks for it. Ids are written byte for byte,
// line breaks included, but many readers, encoding/csv among them, read a quoted CRLF as LF.
//
// CSV has no place to say that a report is incomplete: Outputs says it in a file beside the CSV (see Marker), and whoever
// uses the sink alone must say it in a way of his own.
type CSV struct {
	// Safe puts ' before an id that begins with = + - @ TAB or CR, which a spreadsheet would take for a formula.
	// It changes ids: '=x and =x can no longer be told apart.
	Safe bool
}

// Write writes the header and the records. The memory it takes does not depend on the size of the report.
func (s CSV) Write(w io.Writer, r *engine.Report) error {
	c := csv.NewWriter(buffered(w))
	record := []string{"patient_id", "event_type", "count"}
	if err := c.Write(record); err != nil {
		return err
	}
	for _, pair := range r.Pairs {
		record[0] = s.cell(r.Patients[pair.Patient])
		record[1] = s.cell(r.Events[pair.Event])
		record[2] = strconv.FormatUint(pair.Count, 10)
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func (s CSV) cell(id string) string {
	if s.Safe && id != "" && strings.Contains("=+-@\t\r", id[:1]) {
		return "'" + id
	}
	return id
}
