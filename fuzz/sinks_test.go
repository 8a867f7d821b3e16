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

type table = map[string]map[string]uint64

// FuzzSinks reads the output of sinks back, and compares it with the report
// that was written.
func FuzzSinks(f *testing.F) {
	f.Add("P001\xffP002\xff\"a\",b\xff\r\n\xff\u2028", "bp\xff=1+1\xff", uint64(1))
	f.Add("", " \xff\\.\xff\x00", uint64(1)<<63)
	f.Add("<a>\xff\ufeff\xff\U0001f600", "\x1b[31m\xff\x7f", uint64(12345))
	f.Fuzz(func(t *testing.T, patients, events string, n uint64) {
		if !valid(patients) || !valid(events) {
			return
		}
		counts := table{}
		for i, p := range strings.Split(patients, "\xff") {
			for j, e := range strings.Split(events, "\xff") {
				if (i+j)%3 < 2 {
					put(counts, p, e, n>>(i%64)>>20+1)
				}
			}
		}
		report := sinktest.Report(counts)
		for _, sink := range []struct {
			sinks.Sink
			parse func([]byte) (table, error)
		}{{sinks.JSON{}, parseJSON}, {sinks.JSON{Compact: true}, parseJSON}, {sinks.NDJSON{}, parseNDJSON}, {sinks.CSV{}, parseCSV}} {
			roundTrip(t, sink.Sink, sink.parse, report, counts)
		}
	})
}

// valid reports whether all elements of list, which are separated by 0xff, are
// ids that a report may hold.
func valid(list string) bool {
	invalid := func(id string) bool { return !utf8.ValidString(id) }
	return len(list) < 200 && !slices.ContainsFunc(strings.Split(list, "\xff"), invalid)
}

func put(counts table, patient, event string, n uint64) {
	if counts[patient] == nil {
		counts[patient] = map[string]uint64{}
	}
	counts[patient][event] = n
}

func roundTrip(t *testing.T, s sinks.Sink, parse func([]byte) (table, error), r *engine.Report, want table) {
	var out bytes.Buffer
	if err := s.Write(&out, r); err != nil {
		t.Fatalf("%T: %v", s, err)
	}
	got, err := parse(out.Bytes())
	if err != nil || !maps.EqualFunc(got, want, maps.Equal[map[string]uint64, map[string]uint64]) {
		t.Fatalf("%T wrote %q\n%v\nread back as %v\nbut it was %v", s, out.Bytes(), err, got, want)
	}
}

func parseJSON(b []byte) (table, error) {
	var doc struct {
		Patients table
		Totals   map[string]uint64
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	totals := map[string]uint64{}
	for _, events := range doc.Patients {
		for e, n := range events {
			totals[e] += n
		}
	}
	if !maps.Equal(totals, doc.Totals) {
		return nil, fmt.Errorf("totals %v, but the patients add up to %v", doc.Totals, totals)
	}
	return doc.Patients, nil
}

func parseNDJSON(b []byte) (table, error) {
	counts := table{}
	for line := range bytes.Lines(b) {
		var row struct {
			Patient string `json:"patient_id"`
			Event   string `json:"event_type"`
			Count   uint64 `json:"count"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, err
		}
		if counts[row.Patient][row.Event] != 0 {
			return nil, errors.New("a pair occurs twice")
		}
		put(counts, row.Patient, row.Event, row.Count)
	}
	return counts, nil
}

func parseCSV(b []byte) (table, error) {
	rows, err := oracle.Rows(b, ',', "patient_id", "event_type", "count")
	if err != nil {
		return nil, err
	}
	counts := table{}
	for _, row := range rows {
		n, err := strconv.ParseUint(row[2], 10, 64)
		if err != nil || counts[row[0]][row[1]] != 0 {
			return nil, fmt.Errorf("row %q", row)
		}
		put(counts, row[0], row[1], n)
	}
	return counts, nil
}
