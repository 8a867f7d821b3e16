package intern

// LongestProbe returns the largest number of slots that finding a present name visits.
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

// Slots returns the length of the table.
func (t *Table) Slots() int { return len(t.slots) }

// Capacity returns how many bytes the chunks of names take.
func (t *Table) Capacity() (n int) {
	for _, c := range t.store.chunks {
		n += cap(c)
	}
	return n
}
