package sinktest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"

	"fastcount/engine"
)

// Report returns the report of counts by patient and event type. Counts of 0
// and patients without counts are left out, as in a run; Bytes and Parts are
// zero. It panics if the sum of the counts exceeds 2^64-1.
func Report(counts map[string]map[string]uint64) *engine.Report {
	r := &engine.Report{Keys: make([][]string, 2)}
	totals := make(map[string]uint64)
	for patient, events := range counts {
		before := r.Rows
		for event, n := range events {
			if n > 0 {
				r.Rows = add(r.Rows, n)
				totals[event] += n
			}
		}
		if r.Rows > before {
			r.Keys[0] = append(r.Keys[0], patient)
		}
	}
	slices.Sort(r.Keys[0])
	r.Keys[1] = slices.Sorted(maps.Keys(totals))
	for _, event := range r.Keys[1] {
		r.Totals = append(r.Totals, totals[event])
	}
	for p, patient := range r.Keys[0] {
		for e, event := range r.Keys[1] {
			if n := counts[patient][event]; n > 0 {
				r.Groups = append(r.Groups, uint32(p), uint32(e))
				r.Counts = append(r.Counts, n)
			}
		}
	}
	return r
}

func add(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		panic("sinktest: the rows of the report add up to more than 2^64-1")
	}
	return sum
}

// Counts returns the counts of a report. It is the inverse of [Report].
func Counts(r *engine.Report) map[string]map[string]uint64 {
	counts := make(map[string]map[string]uint64)
	for group, n := range r.All() {
		patient := r.Keys[0][group[0]]
		if counts[patient] == nil {
			counts[patient] = make(map[string]uint64)
		}
		counts[patient][r.Keys[1][group[1]]] = n
	}
	return counts
}

// Demo returns the published result of the export demo.
func Demo() *engine.Report {
	return Report(map[string]map[string]uint64{
		"P001": {"bp_dia": 3106, "bp_sys": 3084},
		"P002": {"bp_dia": 1665, "bp_sys": 1704},
		"P003": {"bp_dia": 3061, "bp_sys": 3135},
		"P004": {"bp_dia": 1540, "bp_sys": 1489},
	})
}

// Incomplete returns the report of [Demo] with something missing of every kind:
// a part that failed, a mismatch with a declared number, and rows that were
// left out, without the rows themselves. An error contains characters that must
// not reach a terminal.
func Incomplete() *engine.Report {
	r := Demo()
	r.Parts = []engine.PartReport{
		{Name: "ward-1.csv", Err: errors.New("cut short\r\n\x1b[2J\u0085\u202e\xff, \"sorry\""), Failed: true},
		{Name: "ward-2.csv", Rows: 18_784, Err: errors.New("18784 rows counted, 18785 declared by the server's metadata"), BadRows: 1},
	}
	for _, p := range r.Parts {
		for _, err := range p.Incomplete() {
			r.Incomplete = append(r.Incomplete, &engine.PartError{Part: p.Name, Err: err})
		}
	}
	return r
}

// Large returns a report in which every patient has every event type, with
// counts of at least 1,000,000.
func Large(patients, events int) *engine.Report {
	counts := make(map[string]map[string]uint64, patients)
	for p := range patients {
		row := make(map[string]uint64, events)
		for e := range events {
			row[fmt.Sprintf("event_%04d", e)] = uint64(1_000_000 + p%1000 + e)
		}
		counts[fmt.Sprintf("patient_%08d", p)] = row
	}
	return Report(counts)
}

// Sample is a report with a name for a subtest.
type Sample struct {
	Name   string
	Report *engine.Report
}

// Samples returns small reports of the kinds that formats have failed to
// represent.
func Samples() []Sample {
	return []Sample{
		{"empty", Report(nil)},
		{"demo", Demo()},
		{"sparse", Report(map[string]map[string]uint64{"a": {"x": 1}, "b": {"y": 2}, "c": {"x": 3, "z": 4}})},
		{"largest count", Report(map[string]map[string]uint64{"a": {"x": math.MaxUint64}})},
		{"empty id", Report(map[string]map[string]uint64{"": {"": 1, "x": 2}, "a": {"": 3}})},
		{"hostile ids", hostile()},
		{"long ids", Report(map[string]map[string]uint64{
			strings.Repeat("p", 70_000): {strings.Repeat("é", 2048): 1, "x": 2},
			strings.Repeat(`"`, 4096):   {"x": 3},
		})},
	}
}

// hostile uses each troublesome id as a patient and as an event type.
func hostile() *engine.Report {
	ids := []string{
		`"`, `""`, `a"b`, `"quoted"`, `'`, `,`, `a,b`, `;`, "\t", " ", " leading", "trailing ", `\`, `\.`, `\n`, `\x1b`,
		"\n", "\r", "\r\n", "a\nb", "a\rb", "a\r\nb", "\n\n", "\"\r\n\"", "\x00", "\x1b[31mred", "\x7f", "\u0085",
		"\u009b31m", "\u200b", "\u202e", "\u2028", "\u2029", "\ufeff", "\ufffd", "<b>&amp;</b>", "{", "}", "[]", "null",
		"true", "1", "-1", "=1+1", "+1", "@x", "-x", "#", "%s", "$HOME", "é", "e\u0301", "漢字", "한글", "👩‍⚕️", "𝒳",
		"patients", "totals", "patient_id", "event_type", "count", "__proto__", "Total", "toString",
	}
	counts := make(map[string]map[string]uint64, len(ids))
	for i, patient := range ids {
		counts[patient] = map[string]uint64{patient: uint64(i + 1), ids[(i+1)%len(ids)]: uint64(100 + i)}
	}
	return Report(counts)
}
