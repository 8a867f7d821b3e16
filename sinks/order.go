package sinks

import (
	"cmp"
	"iter"
	"slices"

	"fastcount/engine"
)

// Order is the order of the patients in a table or page.
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

// inOrder yields the first n patients of an order, with their pairs.
func inOrder(r *engine.Report, order Order, n int) iter.Seq2[string, []engine.Pair] {
	if order == ByCount {
		return byCount(r, n)
	}
	return byName(r, n)
}

func byName(r *engine.Report, n int) iter.Seq2[string, []engine.Pair] {
	return func(yield func(string, []engine.Pair) bool) {
		left := n
		for patient, pairs := range byPatient(r) {
			if left--; left < 0 || !yield(patient, pairs) {
				return
			}
		}
	}
}

func byCount(r *engine.Report, n int) iter.Seq2[string, []engine.Pair] {
	return func(yield func(string, []engine.Pair) bool) {
		for _, p := range largest(r, n) {
			if !yield(r.Patients[p.patient(r)], p.pairs(r)) {
				return
			}
		}
	}
}
