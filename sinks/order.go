package sinks

import (
	"cmp"
	"iter"
	"slices"

	"fastcount/engine"
)

// Order is the order of the patients in an output, or of the values of the
// first key column.
type Order uint8

const (
	ByName  Order = iota // by the bytes of the id, as in the report
	ByCount              // largest total first, equal totals by name
)

// place locates a patient in a report, or another value of the first key.
type place struct {
	total      uint64 // the sum of the patient's counts
	begin, end int    // the patient's groups are those from begin to end
}

// patient returns the index of the patient into Report.Keys[0].
func (p place) patient(r *engine.Report) int { return int(p.values(r, 1)[0]) }

// values returns the values of the first m keys, as indexes into the elements
// of Report.Keys.
func (p place) values(r *engine.Report, m int) []uint32 {
	return r.Groups[len(r.Keys)*p.begin:][:m]
}

// name returns the id of the patient.
func (p place) name(r *engine.Report) string { return r.Keys[0][p.patient(r)] }

// counts yields the patient's values of the key column key, as indexes into
// Report.Keys[key], and their counts. With three or more key columns, a value
// may be repeated.
func (p place) counts(r *engine.Report, key int) iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		k := len(r.Keys)
		for i := p.begin; i < p.end; i++ {
			if !yield(int(r.Groups[k*i+key]), r.Counts[i]) {
				return
			}
		}
	}
}

// byPatient yields the place of each patient, in order.
func byPatient(r *engine.Report) iter.Seq[place] {
	return runs(r, 0, len(r.Counts), 1)
}

// runs yields the runs of groups, of those from begin to end, that have the
// same values of the first m keys.
func runs(r *engine.Report, begin, end, m int) iter.Seq[place] {
	return func(yield func(place) bool) {
		k := len(r.Keys)
		for begin < end {
			first := r.Groups[k*begin : k*begin+m]
			p := place{r.Counts[begin], begin, begin + 1}
			for p.end < end && slices.Equal(r.Groups[k*p.end:k*p.end+m], first) {
				p.total += r.Counts[p.end]
				p.end++
			}
			if !yield(p) {
				return
			}
			begin = p.end
		}
	}
}

// largest returns the n patients with the largest totals, or all if there are
// fewer, in the order ByCount. Its memory holds at most 2n places.
func largest(r *engine.Report, n int) []place {
	best := make([]place, 0, min(2*n, len(r.Keys[0])))
	for p := range byPatient(r) {
		if len(best) == 2*n {
			best = trim(best, n)
		}
		best = append(best, p)
	}
	return trim(best, n)
}

// trim sorts places by count and returns the first n.
func trim(places []place, n int) []place {
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.begin, b.begin))
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
		return len(r.Keys[0])
	}
	return min(s.top, len(r.Keys[0]))
}

// places returns the first n of the selected patients. It must not be called
// for all patients in the order of the report, which need no memory.
func (s selection) places(r *engine.Report, n int) []place {
	if s.order == ByCount {
		return largest(r, min(n, s.count(r)))
	}
	places := largest(r, s.count(r))
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.begin, b.begin) })
	return places[:min(n, len(places))]
}

// patients yields the first n of the selected patients.
func (s selection) patients(r *engine.Report, n int) iter.Seq[place] {
	return func(yield func(place) bool) {
		if s.order == ByName && s.count(r) == len(r.Keys[0]) {
			left := n
			for p := range byPatient(r) {
				if left--; left < 0 || !yield(p) {
					return
				}
			}
			return
		}
		for _, p := range s.places(r, n) {
			if !yield(p) {
				return
			}
		}
	}
}

// groups yields the groups of the selected patients and their counts.
func (s selection) groups(r *engine.Report) iter.Seq2[[]uint32, uint64] {
	if s.order == ByName && s.count(r) == len(r.Keys[0]) {
		return r.All()
	}
	return func(yield func([]uint32, uint64) bool) {
		k := len(r.Keys)
		for p := range s.patients(r, len(r.Keys[0])) {
			for i := p.begin; i < p.end; i++ {
				if !yield(r.Groups[k*i:k*i+k:k*i+k], r.Counts[i]) {
					return
				}
			}
		}
	}
}
