package oracle

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// Dialect has the meaning of parser.Dialect, without its defaults: a Quote or
// Escape of zero does not exist, and a Delimiter must be set.
type Dialect struct {
	Delimiter           string
	Quote, Escape       byte
	Comment             string
	SkipLines           int
	SkipRows            int
	SkipFooter          int
	Trim                bool
	Ragged              bool
	NoHeader            bool
	Names               []string
	SkipRepeatedHeaders bool
	SkipEmpty           bool
}

// CSV returns the default dialect with another delimiter.
func CSV(delimiter byte) Dialect { return Dialect{Delimiter: string([]byte{delimiter}), Quote: '"'} }

// Result is what an input holds up to its end or its first fault.
type Result struct {
	Header []string   // nil without a header
	Rows   [][]string // records after the header that are not skipped
	Fault  *Fault     // nil if the input is valid

	Multiline, Ragged, Comments, RepeatedHeaders, SkippedRows, EmptyInputs int
}

// record is a record with its position.
type record struct {
	fields []string
	at     int  // offset of its first byte
	lines  bool // it spans several lines
}

// assemble determines what the records of an input mean. selected are the
// columns whose fields are read; ends is the fault that follows the last
// record, if any.
func assemble(input []byte, records []record, d Dialect, selected []int, ends *Fault) (r Result) {
	r.Fault = ends
	bare := d.NoHeader && d.Names == nil // the first record has the number of fields of all
	if ends == nil && (bare && len(records) == d.SkipRows || !bare && len(records) == 0) {
		r.Fault = fault(input, "empty", len(input))
		return r
	}
	width, names, records := header(&r, records, d)
	skip := min(d.SkipRows, len(records))
	records, r.SkippedRows = records[skip:], skip
	if width == 0 && len(records) > 0 {
		width = len(records[0].fields)
	}
	if ends == nil {
		if skip < d.SkipRows || len(records) < d.SkipFooter {
			r.Fault = fault(input, "too few", len(input))
			return r
		}
		records = records[:len(records)-d.SkipFooter]
		r.SkippedRows += d.SkipFooter
	}
	for _, c := range records {
		switch f := c.fields; {
		case names != nil && slices.Equal(f, names) || d.SkipRepeatedHeaders && holdNames(f, names, selected):
			if !d.SkipRepeatedHeaders {
				r.Fault = fault(input, "header again", c.at)
				return r
			}
			r.RepeatedHeaders++
			continue
		case len(f) != width && !(d.Ragged && len(f) > slices.Max(append(slices.Clone(selected), -1))):
			r.Fault = fault(input, "field count", c.at)
			return r
		case len(f) != width:
			r.Ragged++
		}
		if c.lines {
			r.Multiline++
		}
		r.Rows = append(r.Rows, c.fields)
	}
	return r
}

// header takes the header from records, and returns the number of fields that
// records have, 0 if that is not known, and the names of the columns.
func header(r *Result, records []record, d Dialect) (width int, names []string, rest []record) {
	switch {
	case d.Names != nil:
		if len(records) > 0 && slices.Equal(records[0].fields, d.Names) {
			r.Header, records = d.Names, records[1:]
		}
		return len(d.Names), d.Names, records
	case d.NoHeader || len(records) == 0:
		return 0, nil, records
	}
	r.Header = records[0].fields
	return len(r.Header), r.Header, records[1:]
}

// Counts returns how often each pair of values of two columns of the rows
// occurs. It returns ErrRefused if a row holds names of both columns, or a
// value is not UTF-8. An input without names has the names patient_id and
// event_type.
func (r Result) Counts(d Dialect, patient, event int) (map[[2]string]uint64, error) {
	names := [2]string{"patient_id", "event_type"}
	switch {
	case d.Names != nil:
		names = [2]string{d.Names[patient], d.Names[event]}
	case r.Header != nil:
		names = [2]string{r.Header[patient], r.Header[event]}
	}
	for i, name := range names {
		names[i] = strings.Trim(strings.TrimPrefix(strings.Trim(name, " \t"), "\ufeff"), " \t")
	}
	plain := isName(names[0], "") || isName(names[1], "") || patient == event
	counts := map[[2]string]uint64{}
	for _, row := range r.Rows {
		pair := [2]string{row[patient], row[event]}
		header := !plain && isName(pair[0], names[:]...) && isName(pair[1], names[:]...)
		if header || !utf8.ValidString(pair[0]) || !utf8.ValidString(pair[1]) {
			return nil, ErrRefused
		}
		counts[pair]++
	}
	return counts, nil
}

// holdNames reports whether at least two columns hold their names, and all
// selected ones do.
func holdNames(fields, names []string, selected []int) bool {
	distinct := map[int]bool{}
	for _, c := range selected {
		if c >= len(fields) || c >= len(names) || !isName(fields[c], names[c]) || strings.Trim(names[c], " \t") == "" {
			return false
		}
		distinct[c] = true
	}
	return len(distinct) > 1
}

func fault(input []byte, kind string, at int) *Fault {
	return &Fault{kind, at, 1 + bytes.Count(input[:at], []byte("\n"))}
}
