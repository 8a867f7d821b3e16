// Package oracle reads and counts CSV with encoding/csv, a state machine and a
// map. Tests compare package parser, the kernels and the engine with it. It
// accepts the same CSV as package parser, and shares no code with it.
package oracle

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
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
	hidden, cr, err := prepare(input, delimiter)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(hidden))
	r.Comma = rune(delimiter)
	records, err := r.ReadAll()
	if err == nil && len(records) == 0 {
		err = io.EOF
	}
	for _, record := range records {
		for i := range record {
			record[i] = strings.ReplaceAll(record[i], cr, "\r")
		}
	}
	return records, err
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

// prepare applies the differences between encoding/csv and package parser that
// do not depend on the structure of records. It removes a byte order mark, and
// refuses byte order marks at the beginning of records and carriage returns
// outside quotes that do not end a line. Inside quotes, encoding/csv removes a
// carriage return before a line feed, so prepare replaces carriage returns
// there by cr, a byte that does not occur in input.
//
// Every quote begins or ends a quoted part. If that is wrong, encoding/csv
// refuses the input as well.
func prepare(input []byte, delimiter byte) (out []byte, cr string, err error) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\x00\x00\xfe\xff"} {
		if bytes.HasPrefix(input, []byte(mark)) {
			return nil, "", ErrRefused
		}
	}
	hidden, err := unused(input, delimiter)
	if err != nil {
		return nil, "", err
	}
	out = bytes.Clone(bytes.TrimPrefix(input, []byte("\xef\xbb\xbf")))
	inside := false
	for i, c := range out {
		switch {
		case !inside && (i == 0 || out[i-1] == '\n') && bytes.HasPrefix(out[i:], []byte("\xef\xbb\xbf")):
			return nil, "", ErrRefused
		case c == '"':
			inside = !inside
		case c == '\r' && inside:
			out[i] = hidden
		case c == '\r' && i+1 < len(out) && out[i+1] != '\n':
			return nil, "", ErrRefused
		}
	}
	return out, string([]byte{hidden}), nil
}

// ErrNoSpareByte is the error for input in which every byte value occurs, so
// that no value is left to replace carriage returns.
var ErrNoSpareByte = errors.New("every byte value occurs")

func unused(input []byte, delimiter byte) (byte, error) {
	for c := byte(1); c < 0xff; c++ {
		if !bytes.Contains(input, []byte{c}) && c != delimiter && !bytes.Contains([]byte("\"\r\n"), []byte{c}) {
			return c, nil
		}
	}
	return 0, ErrNoSpareByte
}
