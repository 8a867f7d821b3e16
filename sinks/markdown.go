package sinks

import (
	"io"
	"strconv"
	"strings"

	"fastcount/engine"
	"fastcount/internal/display"
)

// Markdown writes a table with a row for each pair that occurred, or for each
// group of other key columns, in the syntax of GitHub Flavored Markdown:
//
//	| patient_id | event_type | count |
//	|---|---|---:|
//	| P001 | bp_dia | 3106 |
//
// Ids are quoted and escaped as in Go source if they would mislead (see
// [Table]), and then characters with a meaning in Markdown are escaped. A line
// after the table reports the number of patients that it does not show.
//
// Markdown has no place for a mark, so an incomplete report looks complete; see
// [Marker].
type Markdown struct {
	Order Order // of the patients, or of the values of the first key

	// Top, if not 0, is the number of them in the table, those with the
	// largest totals.
	Top int
}

// Write writes the table. Its memory depends only on the longest id, unless
// Order or Top is set.
func (m Markdown) Write(w io.Writer, r *engine.Report) error {
	s := selection{m.Order, m.Top}
	b := buffered(w)
	line := append(b.AvailableBuffer(), "| "...)
	for _, name := range r.KeyNames() {
		line = append(display.AppendMarkdown(line, display.Name(name)), " | "...)
	}
	line = append(line, "count |\n|"...)
	line = append(line, strings.Repeat("---|", len(r.Keys))...)
	b.Write(append(line, "---:|\n"...))
	for group, n := range s.groups(r) {
		line := append(b.AvailableBuffer(), "| "...)
		for i, value := range group {
			line = append(display.AppendMarkdown(line, display.Name(r.Keys[i][value])), " | "...)
		}
		line = strconv.AppendUint(line, n, 10)
		if _, err := b.Write(append(line, " |\n"...)); err != nil {
			return err
		}
	}
	if n := len(r.Keys[0]) - s.count(r); n > 0 {
		b.WriteString("\nNot shown: " + nounOf(r, 0).count(n) + ".\n")
	}
	return b.Flush()
}
