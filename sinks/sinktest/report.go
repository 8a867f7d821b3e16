package sinktest

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"fastcount/engine"
)

// Group is a tuple of values of the key columns, with the number of its rows.
type Group struct {
	Values []string
	Count  uint64
}

// Report returns the report of counts by patient and event type. Counts of 0
// and patients without counts are left out, as in a run; Bytes and Parts are
// zero. It panics if the sum of the counts exceeds 2^64-1.
func Report(counts map[string]map[string]uint64) *engine.Report {
	var groups []Group
	for patient, events := range counts {
		for event, n := range events {
			groups = append(groups, Group{[]string{patient, event}, n})
		}
	}
	return ReportBy(nil, groups...)
}

// ReportBy returns the report of groups, which are distinct, by the key columns
// of these names, or by patient and event type if by is nil. The rest is as for
// [Report].
func ReportBy(by []string, groups ...Group) *engine.Report {
	groups = slices.DeleteFunc(slices.Clone(groups), func(g Group) bool { return g.Count == 0 })
	slices.SortFunc(groups, func(a, b Group) int { return slices.Compare(a.Values, b.Values) })
	r := &engine.Report{By: by}
	r.Keys = make([][]string, len(r.KeyNames()))
	for i := range r.Keys {
		for _, g := range groups {
			r.Keys[i] = append(r.Keys[i], g.Values[i])
		}
		slices.Sort(r.Keys[i])
		r.Keys[i] = slices.Compact(r.Keys[i])
	}
	last := len(r.Keys) - 1
	if len(groups) > 0 {
		r.Totals = make([]uint64, len(r.Keys[last]))
	}
	for _, g := range groups {
		for i, value := range g.Values {
			index, _ := slices.BinarySearch(r.Keys[i], value)
			r.Groups = append(r.Groups, uint32(index))
		}
		r.Counts = append(r.Counts, g.Count)
		r.Totals[r.Groups[len(r.Groups)-1]] += g.Count
		r.Rows = add(r.Rows, g.Count)
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

// Groups returns the groups of a report, in its order. It is the inverse of
// [ReportBy].
func Groups(r *engine.Report) []Group {
	var groups []Group
	for group, n := range r.All() {
		g := Group{Count: n}
		for i, value := range group {
			g.Values = append(g.Values, r.Keys[i][value])
		}
		groups = append(groups, g)
	}
	return groups
}

// Counts returns the counts of a report by its first two keys. It is the
// inverse of [Report].
func Counts(r *engine.Report) map[string]map[string]uint64 {
	counts := make(map[string]map[string]uint64)
	for _, g := range Groups(r) {
		if counts[g.Values[0]] == nil {
			counts[g.Values[0]] = make(map[string]uint64)
		}
		counts[g.Values[0]][g.Values[1]] += g.Count
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
		{"no rows by three keys", ReportBy([]string{"site", "patient_id", "event_type"})},
		{"one key", ReportBy([]string{"event_type"}, Group{[]string{"bp_dia"}, 9372}, Group{[]string{"bp_sys"}, 9412})},
		{"one key, hostile ids", grouped("any\r\nid")},
		{"two named keys", grouped("site", `"ward"`)},
		{"three keys", grouped("=site", "patient_id", "event_time:day")},
		{"four keys", grouped("totals", " by", "incomplete", "a,b;c|d<e>")},
		{"days", days()},
	}
}

// days returns a report by patient, event type and day, in which not every
// patient occurs on every day.
func days() *engine.Report {
	var groups []Group
	for p := range 3 {
		for e := range 2 {
			for d := range 20 {
				if (p+d)%3 > 0 {
					values := []string{fmt.Sprintf("P%d", p), fmt.Sprintf("e%d", e), fmt.Sprintf("2026-02-%02d", d+1+d/10)}
					groups = append(groups, Group{values, uint64(1 + p*d + e)})
				}
			}
		}
	}
	return ReportBy([]string{"patient_id", "event_type", "event_time:day"}, groups...)
}

// grouped returns a report by key columns of these names, with troublesome
// values in each.
func grouped(by ...string) *engine.Report {
	ids := hostileIDs()
	var groups []Group
	for i := range ids {
		for j := range min(len(by), 3) {
			values := make([]string, len(by))
			for k := range values {
				values[k] = ids[(i/(1+k)+j*k)%len(ids)]
			}
			if !slices.ContainsFunc(groups, func(g Group) bool { return slices.Equal(g.Values, values) }) {
				groups = append(groups, Group{values, uint64(1 + i + j)})
			}
		}
	}
	return ReportBy(by, groups...)
}

// hostileIDs returns distinct ids that formats have failed to represent.
func hostileIDs() []string {
	return []string{
		`"`, `""`, `a"b`, `"quoted"`, `'`, `,`, `a,b`, `;`, "\t", " ", " leading", "trailing ", `\`, `\.`, `\n`, `\x1b`,
		"\n", "\r", "\r\n", "a\nb", "a\rb", "a\r\nb", "\n\n", "\"\r\n\"", "\x00", "\x1b[31mred", "\x7f", "\u0085",
		"\u009b31m", "\u200b", "\u202e", "\u2028", "\u2029", "\ufeff", "\ufffd", "<b>&amp;</b>", "{", "}", "[]", "null",
		"true", "1", "-1", "=1+1", "+1", "@x", "-x", "#", "%s", "$HOME", "é", "e\u0301", "漢字", "한글", "👩‍⚕️", "𝒳",
		"patients", "totals", "patient_id", "event_type", "count", "__proto__", "Total", "toString",
	}
}

// hostile uses each troublesome id as a patient and as an event type.
func hostile() *engine.Report {
	ids := hostileIDs()
	counts := make(map[string]map[string]uint64, len(ids))
	for i, patient := range ids {
		counts[patient] = map[string]uint64{patient: uint64(i + 1), ids[(i+1)%len(ids)]: uint64(100 + i)}
	}
	return Report(counts)
}
