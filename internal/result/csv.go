package result

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"fastcount/parser"
)

// csvDecoder reads the format of sinks.CSV.
type csvDecoder struct {
	r     *parser.Reader
	block *parser.Block
	row   int // of block, the next one
}

// limits are those of other strings: a count can have other limits than the
// defaults.
var limits = parser.Limits{MaxRecord: maxID, MaxRecordLines: maxID}

// readCSV reads the header of CSV.
func (r *Reader) readCSV(in io.Reader) error {
	width, in, err := widthOf(in)
	if err != nil {
		return err
	}
	columns := make([]parser.Selector, width)
	for i := range columns {
		columns[i].Number = i + 1
	}
	d := &csvDecoder{r: parser.NewReader(in, parser.Config{Columns: columns, Limits: limits}), block: new(parser.Block)}
	if err := d.r.Begin(); err != nil {
		return err
	}
	names := make([]string, width)
	for i := range names {
		names[i] = string(d.r.Header().Name(i))
	}
	if err := checkHeader(names); err != nil {
		return err
	}
	r.format, r.keys, r.dec = "csv", names[:width-1], d
	return nil
}

// widthOf returns the number of columns of CSV, and a reader of all of it.
func widthOf(in io.Reader) (width int, all io.Reader, err error) {
	var read bytes.Buffer
	p := parser.NewReader(io.TeeReader(in, &read), parser.Config{BufferSize: headSize, Limits: limits})
	defer p.Release()
	if err := p.Begin(); isSyntax(err) {
		return 0, nil, fmt.Errorf("%w: %v", &NotResultError{"text that is not CSV", anotherSink}, err)
	} else if err != nil {
		return 0, nil, err
	}
	return p.Header().Width(), io.MultiReader(&read, in), nil
}

// isSyntax reports whether an error is one of package parser about CSV. Such an
// error is not wrapped, since no dialect can be chosen for a result.
func isSyntax(err error) bool {
	_, ok := errors.AsType[*parser.SyntaxError](err)
	return ok
}

// checkHeader returns an error unless the columns are those of a result.
func checkHeader(names []string) error {
	last := len(names) - 1
	switch {
	case last > 0 && names[last] == "count":
		return nil
	case strings.HasSuffix(names[last], ";count"), strings.HasSuffix(names[last], "\tcount"):
		return &NotResultError{"CSV with another delimiter than a comma", "save it with commas, or write the result again with --sink csv"}
	case last == 0:
		return &NotResultError{"text without columns, such as a table for reading", anotherSink}
	case last <= 2 && names[1] == "rows":
		return &NotResultError{"it has totals alone, without the counts of groups", "write the result with --sink csv"}
	case last > 1 && slices.Equal(names[last-1:], []string{"old", "new"}):
		return &NotResultError{"the differences of two results", countItFirst}
	}
	return &NotResultError{"CSV whose last column is not count", countItFirst}
}

func (d *csvDecoder) next(values [][]byte) (uint64, error) {
	for d.row == d.block.Rows {
		block, err := d.r.Next()
		if err == io.EOF && d.r.Unterminated() {
			return 0, fmt.Errorf("%w: %w within the last line", ErrMalformed, errEnd)
		}
		if isSyntax(err) {
			return 0, fmt.Errorf("%w: %v", ErrMalformed, err)
		}
		if err != nil {
			return 0, err
		}
		d.block, d.row = block, 0
	}
	row := d.row
	d.row++
	for i := range d.block.Columns {
		c := &d.block.Columns[i]
		field := d.block.Data[c.Starts[row]:c.Ends[row]]
		if i < len(values) {
			set(values, i, field)
			continue
		}
		n, ok := parseCount(field)
		if !ok {
			return 0, d.at(errCount)
		}
		return n, nil
	}
	return 0, d.at(errCount) // there is a column for the count
}

func (d *csvDecoder) at(err error) error {
	return fmt.Errorf("%w: %w", ErrMalformed, d.block.ErrorAt(d.row-1, 0, err))
}
