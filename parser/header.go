package parser

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fastcount/internal/nearest"
)

// A Header describes the columns of an input. It is immutable, and several
// Readers may share it.
type Header struct {
	width  int      // number of fields of each record
	wanted []int    // index of each selected column
	names  [][]byte // names of all columns; nil if the input has no header
	line   int      // length of the names and the delimiters between them
}

// Width returns the number of fields of each record.
func (h *Header) Width() int { return h.width }

// Column returns the index in the input, from 0, of the column that
// Config.Columns[i] selects.
func (h *Header) Column(i int) int { return h.wanted[i] }

// Name returns the name of the column that Config.Columns[i] selects. It
// returns nil if the input has no header. The caller must not modify the
// result.
func (h *Header) Name(i int) []byte {
	if h.names == nil {
		return nil
	}
	return h.names[h.wanted[i]]
}

// newHeader returns the header of an input whose first record has the fields
// names.
func newHeader(names [][]byte, cfg Config) (*Header, error) {
	h := &Header{width: len(names), wanted: make([]int, len(cfg.Columns))}
	for i, s := range cfg.Columns {
		at, err := s.find(names, cfg.ShowNames)
		if errors.Is(err, ErrMissingColumn) && !cfg.Dialect.NoHeader && looksLikeData(names, cfg.Columns) {
			err = fmt.Errorf("%w; %w", err, ErrNotHeader)
		}
		if err != nil {
			return nil, err
		}
		h.wanted[i] = at
	}
	if !cfg.Dialect.NoHeader {
		h.names = names
		h.line = len(names) - 1
		for _, name := range names {
			h.line += len(name)
		}
	}
	return h, nil
}

// looksLikeData reports whether the first record looks like data: one of its
// fields, which are names, is a number or a time, and none is the name of a
// selected column up to letter case and surrounding spaces.
func looksLikeData(names [][]byte, wanted []Selector) bool {
	for _, name := range names {
		name = bytes.TrimSpace(name)
		same := func(s Selector) bool { return s.Name != "" && bytes.EqualFold(name, []byte(s.Name)) }
		if slices.ContainsFunc(wanted, same) {
			return false
		}
	}
	return slices.ContainsFunc(names, func(name []byte) bool {
		return bytes.ContainsAny(name, "0123456789") && len(bytes.Trim(name, "0123456789.,:+-/TZ ")) == 0
	})
}

// find returns the index of the column that s selects. If show is true, the
// error may contain the names.
func (s Selector) find(names [][]byte, show bool) (int, error) {
	if s.Name == "" {
		if s.Number > len(names) {
			return 0, s.missing(names, show)
		}
		return s.Number - 1, nil
	}
	found := -1
	for i, name := range names {
		if string(name) != s.Name {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("%w: %q is column %d and column %d", ErrDuplicateColumn, s.Name, found+1, i+1)
		}
		found = i
	}
	if found < 0 {
		return 0, s.missing(names, show)
	}
	return found, nil
}

// missing returns the error for a column that is not among those named names.
func (s Selector) missing(names [][]byte, show bool) error {
	if show {
		return fmt.Errorf("%w: %v not in %.200q", ErrMissingColumn, s, names)
	}
	return fmt.Errorf("%w: %v (number of columns: %d)%s", ErrMissingColumn, s, len(names), s.suggestion(names))
}

// The first record may be data, which an error must not contain. A field that
// differs from the selected name in two letters is therefore suggested only if
// both have at least minSuggested bytes, and both or neither contain digits.
const (
	minSuggested = 6
	digits       = "0123456789"
)

// suggestion returns the end of the error for a missing column: a column name
// that differs from s.Name in case, surrounding spaces or two letters, or the
// delimiter with which a column of that name exists. It returns "" if there is
// no such column.
func (s Selector) suggestion(names [][]byte) string {
	var similar []string
	for _, name := range names {
		trimmed := string(bytes.TrimSpace(bytes.TrimPrefix(name, []byte("\ufeff"))))
		if strings.EqualFold(trimmed, s.Name) {
			return fmt.Sprintf("; did you mean %q?", name)
		}
		similar = append(similar, trimmed)
	}
	for _, delimiter := range ",;\t|" {
		for _, name := range names {
			fields := strings.Split(string(name), string(delimiter))
			same := func(field string) bool { return strings.EqualFold(strings.Trim(field, " \""), s.Name) }
			if len(fields) > 1 && slices.ContainsFunc(fields, same) {
				return fmt.Sprintf("; the header seems to be separated by %q", delimiter)
			}
		}
	}
	near := nearest.Word(s.Name, similar)
	if min(len(s.Name), len(near)) >= minSuggested && strings.ContainsAny(near, digits) == strings.ContainsAny(s.Name, digits) {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// repeats reports whether the record with the given fields equals the header.
func (h *Header) repeats(data []byte, fields []field) bool {
	if h.names == nil {
		return false
	}
	for i, f := range fields {
		if !bytes.Equal(f.value(data), h.names[i]) {
			return false
		}
	}
	return true
}

// repeatsUnquoted reports whether a record that contains no quotes equals the
// header.
func (h *Header) repeatsUnquoted(record []byte, delimiter byte) bool {
	for i, name := range h.names {
		if i > 0 {
			if len(record) == 0 || record[0] != delimiter {
				return false
			}
			record = record[1:]
		}
		if !bytes.HasPrefix(record, name) {
			return false
		}
		record = record[len(name):]
	}
	return h.names != nil && (len(record) == 0 || string(record) == "\r")
}
