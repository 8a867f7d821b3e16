package sinks

import (
	"cmp"
	"iter"
	"slices"

	"fastcount/engine"
)

// Order is the order of the patients in an output.
type Order uint8

const (
	ByName  Order = iota // by the bytes of the id, as in the report
	ByCount              // largest total first, equal totals by name
)

// place locates a patient in a report.
type place struct {
	total uint64 // the sum of the patient's counts
	first int    // index of the first of its pairs in Report.Pairs
}

// patient returns the index of the patient into Report.Patients.
func (p place) patient(r *engine.Report) int { return int(r.Pairs[p.first].Patient) }

// pairs returns the patient's pairs.
func (p place) pairs(r *engine.Report) []engine.Pair {
	patient, end := r.Pairs[p.first].Patient, p.first
	for end < len(r.Pairs) && r.Pairs[end].Patient == patient {
		end++
	}
	return r.Pairs[p.first:end]
}

// largest returns the n patients with the largest totals, or all if there are
// fewer, in the order ByCount. Its memory holds at most 2n places.
func largest(r *engine.Report, n int) []place {
	best := make([]place, 0, min(2*n, len(r.Patients)))
	first := 0
	for _, pairs := range byPatient(r) {
		if len(best) == 2*n {
			best = trim(best, n)
		}
		best = append(best, place{sum(pairs), first})
		first += len(pairs)
	}
	return trim(best, n)
}

// trim sorts places by count and returns the first n.
func trim(places []place, n int) []place {
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.first, b.first))
	})
	return places[:min(n, len(places))]
}

// selection is what an output contains of the patients of a report, and in
// which order.
type selection struct {
	order Order
	top   int // number of patients, those with the largest totals; 0 means all
}

// count returns the number of selected patients.
func (s selection) count(r *engine.Report) int {
	if s.top == 0 {
		return len(r.Patients)
	}
	return min(s.top, len(r.Patients))
}

// places returns the first n of the selected patients. It must not be called
// for all patients in the order of the report, which need no memory.
func (s selection) places(r *engine.Report, n int) []place {
	if s.order == ByCount {
		return largest(r, min(n, s.count(r)))
	}
	places := largest(r, s.count(r))
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.first, b.first) })
	return places[:min(n, len(places))]
}

// patients yields the first n of the selected patients, with their pairs.
func (s selection) patients(r *engine.Report, n int) iter.Seq2[string, []engine.Pair] {
	return func(yield func(string, []engine.Pair) bool) {
		if s.order == ByName && s.count(r) == len(r.Patients) {
			left := n
			for patient, pairs := range byPatient(r) {
				if left--; left < 0 || !yield(patient, pairs) {
					return
				}
			}
			return
		}
		for _, p := range s.places(r, n) {
			if !yield(r.Patients[p.patient(r)], p.pairs(r)) {
				return
			}
		}
	}
}

// pairs yields the pairs of the selected patients.
func (s selection) pairs(r *engine.Report) iter.Seq[engine.Pair] {
	return func(yield func(engine.Pair) bool) {
		for _, pairs := range s.patients(r, len(r.Patients)) {
			for _, pair := range pairs {
				if !yield(pair) {
					return
				}
			}
		}
	}
}
