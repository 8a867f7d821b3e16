package sinks

import (
	"io"
	"strconv"

	"fastcount/engine"
)

// NDJSON writes a line with a JSON object for each pair that occurred, or for
// each group of other key columns, whose names are then those of the members:
//
//	{"patient_id":"P001","event_type":"bp_dia","count":3106}
//
// Strings are escaped as [JSON] does, so that line breaks occur only between
// objects. For an empty report nothing is written.
//
// An incomplete report has another line at the end: an object with the member
// "incomplete" of [JSON].
type NDJSON struct {
	Order Order // of the patients, or of the values of the first key

	// Top, if not 0, is the number of them to write, those with the largest
	// totals.
	Top int
}

// MarksIncomplete implements [Marker]. It returns true.
func (NDJSON) MarksIncomplete() bool { return true }

// Write writes the lines. Its memory depends only on the values of the last
// key, at most 4,096, unless Order or Top is set. It returns an error if a
// value is not valid UTF-8, or if a key column is called count.
func (s NDJSON) Write(w io.Writer, r *engine.Report) error {
	if err := validIDs(r); err != nil {
		return err
	}
	members, err := columnNames(s, r)
	if err != nil {
		return err
	}
	for i, name := range members {
		members[i] = string(appendJSONString([]byte{','}, name)) + ":"
	}
	members[0] = "{" + members[0][1:]
	last := len(r.Keys) - 1
	end := texts(r, func(dst []byte, value string) []byte {
		dst = appendJSONString(append(dst, members[last]...), value)
		return append(dst, members[last+1]...)
	})
	b := buffered(w)
	for group, n := range (selection{s.Order, s.Top}).groups(r) {
		line := b.AvailableBuffer()
		for i, value := range group[:last] {
			line = appendJSONString(append(line, members[i]...), r.Keys[i][value])
		}
		line = strconv.AppendUint(end(line, group[last]), n, 10)
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
