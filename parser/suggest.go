package parser

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"fastcount/internal/nearest"
)

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
