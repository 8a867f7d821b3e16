// Package oracle reads and counts CSV with encoding/csv, a state machine and a
// map. Tests compare package parser, the kernels and the engine with it. It
// accepts the same dialects as package parser, and shares no code with it.
package oracle

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrRefused is the error for input that package parser refuses, although
// encoding/csv accepts it.
var ErrRefused = errors.New("refused by the written deviations")

// Records returns every record of input, including the first. For empty input
// it returns io.EOF.
func Records(input []byte, delimiter byte) ([][]string, error) {
	d := CSV(delimiter)
	d.NoHeader = true
	r, err := Translated(input, d)
	return r.Rows, err
}

// Rows returns the fields in the named columns of every record after the
// header.
func Rows(input []byte, delimiter byte, columns ...string) ([][]string, error) {
	records, err := Records(input, delimiter)
	if err != nil {
		return nil, err
	}
	header := records[0]
	rows := make([][]string, len(records)-1)
	for _, name := range columns {
		at := slices.Index(header, name)
		if at < 0 || slices.Contains(header[at+1:], name) {
			return nil, ErrRefused
		}
		for i, record := range records[1:] {
			if slices.Equal(record, header) {
				return nil, ErrRefused
			}
			rows[i] = append(rows[i], record[at])
		}
	}
	return rows, nil
}

// Counts returns how often each pair of values of the two columns occurs. A
// record in which each of them is the name of one of the columns is refused.
func Counts(input []byte, delimiter byte, patient, event string) (map[[2]string]uint64, error) {
	rows, err := Rows(input, delimiter, patient, event)
	if err != nil {
		return nil, err
	}
	counts := map[[2]string]uint64{}
	for _, row := range rows {
		if !utf8.ValidString(row[0]) || !utf8.ValidString(row[1]) {
			return nil, ErrRefused
		}
		if isName(row[0], patient, event) && isName(row[1], patient, event) {
			return nil, ErrRefused
		}
		counts[[2]string(row)]++
	}
	return counts, nil
}

// isName reports whether value is one of names, except for case, blanks around
// it, and a byte order mark before it.
func isName(value string, names ...string) bool {
	value = strings.Trim(value, " \t")
	value = strings.Trim(strings.TrimPrefix(value, "\ufeff"), " \t")
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, value) })
}
