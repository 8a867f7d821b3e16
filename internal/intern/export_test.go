package intern

// LongestProbe returns the maximum number of slots that finding a name visits.
func (t *Table) LongestProbe() int {
	longest := 0
	for i, s := range t.slots {
		if s.tag == 0 {
			continue
		}
		longest = max(longest, 1+int((uint64(i)-t.home(&s))&uint64(len(t.slots)-1)))
	}
	return longest
}

// Slots returns the number of slots.
func (t *Table) Slots() int { return len(t.slots) }

// Capacity returns the total capacity of the chunks of names.
func (t *Table) Capacity() (n int) {
	for _, c := range t.store.chunks {
		n += cap(c)
	}
	return n
}

// Slots returns the number of slots.
func (t *Tuples) Slots() int { return len(t.slots) }

// LongestProbe returns the maximum number of slots that finding a tuple visits.
func (t *Tuples) LongestProbe() int {
	longest := 0
	for i, s := range t.slots {
		if s.number == 0 {
			continue
		}
		var words [maxTupleWords]uint64
		copy(words[:], t.entry(s.number - 1)[:t.words])
		longest = max(longest, 1+int((uint64(i)-t.hash(&words)>>t.shift)&uint64(len(t.slots)-1)))
	}
	return longest
}

// ClearKeys makes the hash 0 of each tuple whose first two ids, and those at
// places 4 and 5, are 0.
func (t *Tuples) ClearKeys() { t.keys = [maxTupleWords]uint64{} }
