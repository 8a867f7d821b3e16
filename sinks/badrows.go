package sinks

import (
	"io"
	"strconv"

	"fastcount/engine"
)

// BadRows writes the rows that were left out of the counts, the BadRows of a
// report, as CSV: the header source,line,offset,reason,record and a record for
// each row, in the order of the report. Lines count from 1. The offset is that
// of the first byte of the row in the decompressed input, from 0. The field
// record holds the bytes of the row without its line ending.
//
// Rows can contain anything, including patient ids and formulas of
// spreadsheets; see Safe. BadRows does not write counts, and [Builtin] does not
// include it.
type BadRows struct {
	// Safe escapes fields as CSV.Safe does. The field record is then not
	// exact.
	Safe bool
}

// MarksIncomplete implements [Marker]. It returns true because a list of rows
// that were left out cannot be mistaken for a complete result.
func (BadRows) MarksIncomplete() bool { return true }

// Write writes the header and the records. Its memory depends only on the
// longest row.
func (s BadRows) Write(w io.Writer, r *engine.Report) error {
	c := newCellWriter(w, s.Safe)
	if err := c.write("source", "line", "offset", "reason", "record"); err != nil {
		return err
	}
	for _, row := range r.BadRows {
		line, offset := strconv.FormatInt(row.Err.Line, 10), strconv.FormatInt(row.Err.Offset, 10)
		if err := c.write(row.Part, line, offset, row.Err.Err.Error(), string(row.Record)); err != nil {
			return err
		}
	}
	return c.flush()
}
