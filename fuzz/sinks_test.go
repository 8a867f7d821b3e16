package fuzz

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"fastcount/engine"
	"fastcount/internal/testing/oracle"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

// groupCounts maps the values of each group, joined by 0xff, to its count.
type groupCounts map[string]uint64

// put adds a group, which must not be there.
func (c groupCounts) put(values []string, n uint64) error {
	key := strings.Join(values, "\xff")
	if c[key] != 0 {
		return errors.New("a group occurs twice")
	}
	c[key] = n
	return nil
}

// keyNames are the names of up to four key columns.
var keyNames = []string{"site", " by ", "\"totals\"", "=a,b"}

// FuzzSinks reads the output of sinks back, and compares it with the report
// that was written, which has one to four keys.
func FuzzSinks(f *testing.F) {
	f.Add("P001\xffP002\xff\"a\",b\xff\r\n\xff\u2028", "bp\xff=1+1\xff", uint64(1))
	f.Add("", " \xff\\.\xff\x00", uint64(1)<<63)
	f.Add("<a>\xff\ufeff\xff\U0001f600", "\x1b[31m\xff\x7f", uint64(12345))
	f.Add("a\xffb\xffc", "x\xffy", uint64(2))
	f.Add("a\xffb\xffc", "x\xffy\xff", uint64(3))
	f.Fuzz(func(t *testing.T, first, second string, n uint64) {
		if !valid(first) || !valid(second) {
			return
		}
		by := keyNames[:1+n%4]
		if n%8 == 1 {
			by = nil
		}
		report := grouped(by, strings.Split(first, "\xff"), strings.Split(second, "\xff"), n)
		want := groupCounts{}
		for _, g := range sinktest.Groups(report) {
			want.put(g.Values, g.Count)
		}
		for _, sink := range []struct {
			sinks.Sink
			parse func([]byte, []string) (groupCounts, error)
		}{{sinks.JSON{}, parseJSON}, {sinks.JSON{Compact: true}, parseJSON}, {sinks.NDJSON{}, parseNDJSON}, {sinks.CSV{}, parseCSV}} {
			var out bytes.Buffer
			if err := sink.Write(&out, report); err != nil {
				t.Fatalf("%T: %v", sink.Sink, err)
			}
			got, err := sink.parse(out.Bytes(), report.KeyNames())
			if err != nil || !maps.Equal(got, want) {
				t.Fatalf("%T wrote %q\n%v\nread back as %v\nbut it was %v", sink.Sink, out.Bytes(), err, got, want)
			}
		}
	})
}

// grouped returns a report of some of the combinations of values.
func grouped(by, first, second []string, n uint64) *engine.Report {
	var groups []sinktest.Group
	seen := map[string]bool{}
	for i, a := range first {
		for j, b := range second {
			values := []string{a, b, first[(i+j)%len(first)], second[(i*j)%len(second)]}
			if by == nil {
				values = values[:2]
			} else {
				values = values[:len(by)]
			}
			key := strings.Join(values, "\xff")
			if (i+j)%3 < 2 && !seen[key] {
				seen[key] = true
				groups = append(groups, sinktest.Group{Values: values, Count: n>>(i%64)>>20 + 1})
			}
		}
	}
	return sinktest.ReportBy(by, groups...)
}

// valid reports whether all elements of list, which are separated by 0xff, are
// ids that a report may hold.
func valid(list string) bool {
	invalid := func(id string) bool { return !utf8.ValidString(id) }
	return len(list) < 200 && !slices.ContainsFunc(strings.Split(list, "\xff"), invalid)
}

func parseJSON(b []byte, names []string) (groupCounts, error) {
	var doc struct {
		By               []string
		Total            json.Number
		Totals           map[string]json.Number
		Patients, Counts map[string]any
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	got, sum, sums := groupCounts{}, uint64(0), map[string]uint64{}
	nested, keys := doc.Counts, len(doc.By)
	if doc.By == nil {
		nested, keys = doc.Patients, 2
	} else if !slices.Equal(doc.By, names) {
		return nil, fmt.Errorf("by %q", doc.By)
	}
	err := eachCount(nested, nil, func(values []string, n uint64) error {
		sum += n
		sums[values[len(values)-1]] += n
		if len(values) != keys {
			return fmt.Errorf("%d keys", len(values))
		}
		return got.put(values, n)
	})
	if err != nil {
		return nil, err
	}
	if doc.By != nil && doc.Total.String() != strconv.FormatUint(sum, 10) {
		return nil, fmt.Errorf("total %s, but the counts add up to %d", doc.Total, sum)
	}
	for value, n := range sums {
		if doc.By == nil && doc.Totals[value].String() != strconv.FormatUint(n, 10) {
			return nil, fmt.Errorf("totals %v, but the counts add up to %v", doc.Totals, sums)
		}
	}
	return got, nil
}

// eachCount calls f with each count in nested objects.
func eachCount(object map[string]any, values []string, f func([]string, uint64) error) error {
	for value, member := range object {
		values := append(slices.Clip(values), value)
		switch m := member.(type) {
		case map[string]any:
			if err := eachCount(m, values, f); err != nil {
				return err
			}
		case json.Number:
			n, err := strconv.ParseUint(m.String(), 10, 64)
			if err != nil {
				return err
			}
			if err := f(values, n); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%v is not a count", member)
		}
	}
	return nil
}

func parseNDJSON(b []byte, names []string) (groupCounts, error) {
	got := groupCounts{}
	for line := range bytes.Lines(b) {
		var row map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			return nil, err
		}
		values := make([]string, len(names))
		for i, name := range names {
			values[i], _ = row[name].(string)
		}
		number, _ := row["count"].(json.Number)
		n, err := strconv.ParseUint(number.String(), 10, 64)
		if err != nil || len(row) != len(names)+1 {
			return nil, fmt.Errorf("line %q", line)
		}
		if err := got.put(values, n); err != nil {
			return nil, err
		}
	}
	return got, nil
}

func parseCSV(b []byte, names []string) (groupCounts, error) {
	columns := append(slices.Clip(names), "count")
	rows, err := oracle.Rows(b, ',', columns...)
	if err != nil {
		return nil, err
	}
	got := groupCounts{}
	for _, row := range rows {
		n, err := strconv.ParseUint(row[len(names)], 10, 64)
		if err != nil {
			return nil, err
		}
		if err := got.put(row[:len(names)], n); err != nil {
			return nil, err
		}
	}
	return got, nil
}
