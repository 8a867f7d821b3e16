package sinks

import (
	"io"
	"strconv"

	"fastcount/engine"
)

// BadRows writes the rows that were left out (engine.Report.BadRows) as CSV, in the order of the report: the header
// source,line,offset,reason,record and a record for each row. The line counts from 1, the offset is that of the row's
// first byte in the decoded input, from 0. Of the row itself every byte is kept but the line end; quoting as in
// RFC 4180 is put around it, not into it, so that whoever reads the file as CSV gets the row as it stood.
//
// Rows may hold anything, patient ids and a spreadsheet's formulas included; see Safe. It is no format of a result: Builtin
// does not list it. As an output of its own beside the result it appears together with it, or not at all.
type BadRows struct {
	Safe bool // as of CSV; then the file is not exact
}

// MarksIncomplete implements Marker: nobody takes a list of rows that were left out for a complete result.
func (BadRows) MarksIncomplete() bool { return true }

// Write writes the header and the records. The memory it takes depends on the longest row alone.
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
