package oracle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Key is a key column: its index in the rows, and "" or a unit of time.
type Key struct {
	Column int
	Unit   string
}

// Groups returns how often each tuple of the values of key columns occurs in
// the rows, formatted with %q. It returns ErrRefused if a row holds names of
// all key columns, which are at least two, or a value is not UTF-8 or has no
// such unit. The input has a header.
func (r Result) Groups(keys []Key) (map[string]uint64, error) {
	columns := map[int]bool{}
	var names []string
	for _, key := range keys {
		columns[key.Column] = true
		names = append(names, strings.Trim(strings.TrimPrefix(strings.Trim(r.Header[key.Column], " \t"), "\ufeff"), " \t"))
	}
	counts := map[string]uint64{}
	for _, row := range r.Rows {
		header := len(columns) > 1 && !slices.Contains(names, "")
		values := make([]string, len(keys))
		for i, key := range keys {
			value, ok := CutTime(row[key.Column], key.Unit)
			if !ok || !utf8.ValidString(value) {
				return nil, ErrRefused
			}
			header = header && isName(row[key.Column], names...)
			values[i] = value
		}
		if header {
			return nil, ErrRefused
		}
		counts[fmt.Sprintf("%q", values)]++
	}
	return counts, nil
}

// isoTime matches a date, in its first or second group, and what may follow it,
// a time in the third.
var isoTime = regexp.MustCompile(`^(?:(\d{4}-\d\d-\d\d)|(\d{8}))` +
	`([T ]([01]\d|2[0-3])(:[0-5]\d(:([0-5]\d|60))?|[0-5]\d([0-5]\d|60)?)?([.,]\d+)?( ?(Z|UTC|[+-]([01]\d|2[0-3])(:?[0-5]\d)?))?)?$`)

// CutTime returns the prefix of an ISO 8601 date or time that ends with a unit,
// or value if the unit is "". It returns false if value is not such a time.
func CutTime(value, unit string) (prefix string, ok bool) {
	if unit == "" {
		return value, true
	}
	m := isoTime.FindStringSubmatch(value)
	if m == nil || unit == "hour" && m[3] == "" {
		return "", false
	}
	layout, lengths := "2006-01-02", map[string]int{"year": 4, "month": 7, "day": 10, "hour": 13}
	if m[1] == "" {
		layout, lengths = "20060102", map[string]int{"year": 4, "month": 6, "day": 8, "hour": 11}
	}
	if _, err := time.Parse(layout, m[1]+m[2]); err != nil {
		return "", false
	}
	return value[:lengths[unit]], true
}
