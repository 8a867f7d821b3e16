package engine

import (
	"cmp"
	"sort"
)

// sortedGroups returns n tuples, which each yields with their counts, as the
// groups and counts of a report. ids holds, for each key column, all ids in the
// order that they are to have; a tuple is written as their places in it.
func sortedGroups(each func(f func(ids []uint32, n uint64)), n int, ids [][]uint32) ([]uint32, []uint64) {
	places := make([][]uint32, len(ids))
	s := groupSorter{keys: make([]groupKey, len(ids)), groups: make([]uint32, 0, len(ids)*n), counts: make([]uint64, 0, n)}
	for key := range ids {
		places[key] = placesOf(ids[key])
		s.keys[key].values = len(ids[key])
	}
	each(func(tuple []uint32, n uint64) {
		for key, id := range tuple {
			s.groups = append(s.groups, places[key][id])
		}
		s.counts = append(s.counts, n)
	})
	s.sort(0, n, 0)
	return s.groups, s.counts
}

// placesOf returns, for each id, where in ids it is.
func placesOf(ids []uint32) []uint32 {
	places := make([]uint32, len(ids))
	for place, id := range ids {
		places[id] = uint32(place)
	}
	return places
}

// A groupSorter sorts the groups of a report, which are distinct, with their
// counts. It takes no memory for another copy of them: it is a radix sort from
// the first key column to the last that moves each group to its place by
// exchanging it (American flag sort; McIlroy, Bostic and McIlroy, 1993).
type groupSorter struct {
	groups []uint32 // len(keys) for each count
	counts []uint64
	keys   []groupKey
}

// groupKey is a key column. The slices are used for one part of the groups
// after another.
type groupKey struct {
	values int
	next   []uint32 // for each value, where the next of its groups belongs
	ends   []uint32 // for each value, where its groups end
}

// Groups fewer than fewGroups are sorted by inserting one after another. Groups
// fewer than 1/valuesPerGroup of the values of a key column are sorted by
// comparisons, so that the values that do not occur take little time.
const (
	fewGroups      = 12
	valuesPerGroup = 16
)

// sort sorts the groups from begin to end, whose first keys are equal, by the
// others.
func (s *groupSorter) sort(begin, end, first int) {
	for first < len(s.keys) && s.keys[first].values == 1 {
		first++
	}
	switch n := end - begin; {
	case first == len(s.keys):
	case n < fewGroups:
		s.insert(begin, end, first)
	case n < s.keys[first].values/valuesPerGroup:
		sort.Sort(&groupRange{s, begin, n, first})
	default:
		s.distribute(begin, end, first)
		ends := s.keys[first].ends
		for _, next := range ends {
			s.sort(begin, int(next), first+1)
			begin = int(next)
		}
	}
}

// distribute moves the groups from begin to end to their places by a key, and
// sets the ends of the groups of each of its values.
func (s *groupSorter) distribute(begin, end, key int) {
	k := &s.keys[key]
	if k.ends == nil {
		k.next, k.ends = make([]uint32, k.values), make([]uint32, k.values)
	}
	clear(k.ends)
	for i := begin; i < end; i++ {
		k.ends[s.value(i, key)]++
	}
	at := uint32(begin)
	for value, n := range k.ends {
		k.next[value] = at
		at += n
		k.ends[value] = at
	}
	for again := true; again; { // not along the cycles of a permutation: the processor would wait for each group
		again = false
		for value, end := range k.ends {
			for i := k.next[value]; i < end; i++ {
				v := s.value(int(i), key)
				s.swap(int(i), int(k.next[v]))
				k.next[v]++
			}
			again = again || k.next[value] < end
		}
	}
}

// insert sorts the groups from begin to end by the keys from first on.
func (s *groupSorter) insert(begin, end, first int) {
	for i := begin + 1; i < end; i++ {
		for j := i; j > begin && s.less(j, j-1, first); j-- {
			s.swap(j, j-1)
		}
	}
}

func (s *groupSorter) value(group, key int) uint32 { return s.groups[group*len(s.keys)+key] }

// less compares two groups by the keys from first on.
func (s *groupSorter) less(i, j, first int) bool {
	for key := first; key < len(s.keys); key++ {
		if c := cmp.Compare(s.value(i, key), s.value(j, key)); c != 0 {
			return c < 0
		}
	}
	return false
}

func (s *groupSorter) swap(i, j int) {
	k := len(s.keys)
	a, b := s.groups[i*k:][:k], s.groups[j*k:][:k]
	for key, value := range a {
		a[key], b[key] = b[key], value
	}
	s.counts[i], s.counts[j] = s.counts[j], s.counts[i]
}

// groupRange is a part of the groups that is sorted by comparisons, by the keys
// from first on. It implements [sort.Interface].
type groupRange struct {
	*groupSorter
	begin, n, first int
}

func (r *groupRange) Len() int           { return r.n }
func (r *groupRange) Less(i, j int) bool { return r.less(r.begin+i, r.begin+j, r.first) }
func (r *groupRange) Swap(i, j int)      { r.swap(r.begin+i, r.begin+j) }
