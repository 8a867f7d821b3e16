package sinks

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"fastcount/engine"
)

// CSV writes the header patient_id,event_type,count and a record for each pair
// that occurred, or the names of other key columns, count, and a record for
// each group. Records end in a line feed; fields are quoted where RFC 4180
// requires it. Values are written byte for byte, including line breaks, but
// many readers, such as encoding/csv, read a quoted CRLF as LF.
//
// CSV has no place for a mark, so an incomplete report looks complete; see
// [Marker].
type CSV struct {
	// Safe puts ' before an id that a spreadsheet could take for a formula:
	// one that begins with a control character, or, after blanks and
	// characters that are not visible, with = + - @ or a wide or small form
	// of them. An id that begins with ' gets one too, so that distinct ids
	// stay distinct, and a reader gets every id back by removing one ' from
	// the beginning. An id that contains a semicolon is quoted, because
	// spreadsheets in many languages separate fields by it.
	Safe bool

	Order Order // of the patients, or of the values of the first key

	// Top, if not 0, is the number of them to write, those with the largest
	// totals.
	Top int
}

// Write writes the header and the records. Its memory does not depend on the
// size of the report, unless Order or Top is set. It returns an error if a key
// column is called count.
func (s CSV) Write(w io.Writer, r *engine.Report) error {
	cells, err := columnNames(s, r)
	if err != nil {
		return err
	}
	c := newCellWriter(w, s.Safe)
	if err := c.write(cells...); err != nil {
		return err
	}
	for group, n := range (selection{s.Order, s.Top}).groups(r) {
		for i, value := range group {
			cells[i] = r.Keys[i][value]
		}
		cells[len(group)] = strconv.FormatUint(n, 10)
		if err := c.write(cells...); err != nil {
			return err
		}
	}
	return c.flush()
}

// cellWriter writes CSV records, exact or safe for a spreadsheet.
type cellWriter struct {
	b    *bufio.Writer
	csv  *csv.Writer // writes exact records
	safe bool
	line []byte
}

func newCellWriter(w io.Writer, safe bool) *cellWriter {
	b := buffered(w)
	return &cellWriter{b: b, csv: csv.NewWriter(b), safe: safe}
}

// mark is a byte order mark. A cell that begins with it is quoted, which
// encoding/csv does not do: at the start of a record, the mark would be taken
// for that of a concatenated file.
const mark = '\ufeff'

func (c *cellWriter) write(cells ...string) error {
	if !c.safe && !strings.HasPrefix(cells[0], string(mark)) {
		return c.csv.Write(cells)
	}
	c.line = c.line[:0]
	for i, cell := range cells {
		if i > 0 {
			c.line = append(c.line, ',')
		}
		if c.safe {
			c.line = appendSafe(c.line, cell)
		} else {
			c.line = appendQuoted(c.line, cell)
		}
	}
	_, err := c.b.Write(append(c.line, '\n'))
	return err
}

func (c *cellWriter) flush() error {
	c.csv.Flush()
	return c.csv.Error()
}

// appendSafe appends a cell that no spreadsheet interprets as a formula.
func appendSafe(b []byte, cell string) []byte {
	if strings.HasPrefix(cell, "'") || looksLikeFormula(cell) {
		cell = "'" + cell
	}
	if r, _ := utf8.DecodeRuneInString(cell); !strings.ContainsAny(cell, ",;\"\r\n") && !unicode.IsSpace(r) && cell != `\.` && r != mark {
		return append(b, cell...)
	}
	return appendQuoted(b, cell)
}

func appendQuoted(b []byte, cell string) []byte {
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(cell, `"`, `""`)...)
	return append(b, '"')
}

// formulaStarts are the characters that begin a formula, and the full-width and
// small forms that some spreadsheets read as the same.
const formulaStarts = "=+-@＝＋－＠﹦﹢﹣﹫−"

func looksLikeFormula(cell string) bool {
	if first, _ := utf8.DecodeRuneInString(cell); unicode.IsControl(first) {
		return true
	}
	visible := strings.TrimLeftFunc(cell, func(r rune) bool {
		return unicode.In(r, unicode.White_Space, unicode.C, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	})
	first, size := utf8.DecodeRuneInString(visible)
	return size > 0 && strings.ContainsRune(formulaStarts, first)
}
