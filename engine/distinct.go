package engine

// Distinct returns, for each value of the first key column, the number of
// distinct values of the last key column that it occurs with, and for each
// value of the last key column the number of distinct values of the first.
//
// Such numbers cannot be added up, neither over the values of a key nor over
// reports: a patient with two event types is one patient of each.
func (r *Report) Distinct() (first, last []int) {
	final := len(r.Keys) - 1
	first, last = make([]int, len(r.Keys[0])), make([]int, len(r.Keys[final]))
	latest := make([]uint32, len(last)) // the latest value of the first key, plus 1; the groups are sorted by it
	for group := range r.All() {
		f, l := group[0], group[final]
		if latest[l] != f+1 {
			latest[l] = f + 1
			first[f]++
			last[l]++
		}
	}
	return first, last
}
