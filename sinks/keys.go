package sinks

import (
	"errors"
	"fmt"
	"slices"

	"fastcount/engine"
	"fastcount/internal/display"
	"fastcount/internal/human"
)

// noun names the values of a key column.
type noun struct{ one, many string }

// nounOf returns the noun for a key column of r.
func nounOf(r *engine.Report, key int) noun {
	if r.By == nil {
		return [...]noun{{"patient", "patients"}, {"event type", "event types"}}[key]
	}
	name := display.Name(r.By[key])
	return noun{"value of " + name, "values of " + name}
}

// heading returns the header of the column of a key in a table for reading.
func heading(r *engine.Report, key int) string {
	if r.By == nil {
		return nounOf(r, key).one
	}
	return display.Name(r.By[key])
}

// count returns n with the noun.
func (w noun) count(n int) string { return human.Numbered(n, w.one, w.many) }

// CountOf returns n values of a key column for reading: 2 patients, or 2 values
// of site.
func CountOf(r *engine.Report, key, n int) string { return nounOf(r, key).count(n) }

// Names of the columns of counts.
const (
	countColumn = "count"
	rowsColumn  = "rows" // of Totals
)

// ErrCountColumn is matched by the error of [CSV], [NDJSON] and [Totals] for a
// report in which a key column that they write has the name of the counts.
var ErrCountColumn = errors.New("has the name of the column of counts")

// CheckKeys returns an error that matches ErrCountColumn if s cannot write key
// columns of these names.
func CheckKeys(s Sink, names []string) error {
	taken, written := "", names
	switch s.(type) {
	case CSV, NDJSON:
		taken = countColumn
	case Totals:
		taken = rowsColumn
		if last := len(names) - 1; last > 1 {
			written = []string{names[0], names[last]}
		}
	default:
		return nil
	}
	if slices.Contains(written, taken) {
		return fmt.Errorf("key column %s: %w", taken, ErrCountColumn)
	}
	return nil
}

// columnNames returns the names of the key columns and of the counts. It
// returns an error if a key has the name of the counts.
func columnNames(s Sink, r *engine.Report) ([]string, error) {
	return append(slices.Clone(r.KeyNames()), countColumn), CheckKeys(s, r.KeyNames())
}

// cachedValues is the number of values of the last key for which a sink keeps
// formatted text. Each is written many times if there are few.
const cachedValues = 4096

// texts returns the text of each value of the last key, formatted by format.
// It is formatted once for all groups if there are few values.
func texts(r *engine.Report, format func(dst []byte, value string) []byte) func(dst []byte, value uint32) []byte {
	values := r.Keys[len(r.Keys)-1]
	if len(values) > cachedValues {
		return func(dst []byte, value uint32) []byte { return format(dst, values[value]) }
	}
	cached := make([][]byte, len(values))
	for i, value := range values {
		cached[i] = format(nil, value)
	}
	return func(dst []byte, value uint32) []byte { return append(dst, cached[value]...) }
}
