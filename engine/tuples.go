package engine

import "fastcount/internal/intern"

// sortedTuples returns all tuples as the groups and counts of a report. ids
// holds, for each key column, all ids in the order that they are to have; a
// tuple is written as their places in it.
func sortedTuples(t *intern.Tuples, ids [][]uint32) (groups []uint32, numbers []uint64) {
	places := make([][]uint32, len(ids))
	order, other := make([]uint32, t.Len()), make([]uint32, t.Len())
	for number := range order {
		order[number] = uint32(number)
	}
	for i := len(ids) - 1; i >= 0; i-- { // a stable sort by each key column, from the last to the first
		places[i] = placesOf(ids[i])
		if len(ids[i]) > 1 {
			sortByPlace(other, order, t, i, places[i])
			order, other = other, order
		}
	}
	groups, numbers = make([]uint32, 0, len(ids)*len(order)), make([]uint64, len(order))
	for i, number := range order {
		for key := range ids {
			groups = append(groups, places[key][t.ID(int(number), key)])
		}
		numbers[i] = t.Count(int(number))
	}
	return groups, numbers
}

// sortByPlace sets dst to order, stably sorted by the places of the ids that
// the tuples have in a key column.
func sortByPlace(dst, order []uint32, t *intern.Tuples, key int, places []uint32) {
	ends := make([]int, len(places)+1) // where the tuples with each place end; before that, how many there are
	for number := range order {
		ends[places[t.ID(number, key)]+1]++
	}
	for i := range places {
		ends[i+1] += ends[i]
	}
	for _, number := range order {
		place := places[t.ID(int(number), key)]
		dst[ends[place]] = number
		ends[place]++
	}
}
