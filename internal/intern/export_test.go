package intern

// LongestProbe returns the largest number of slots that finding a present name visits.
func (t *Table) LongestProbe() int {
	longest := 0
	for i, s := range t.slots {
		if s.size == 0 {
			continue
		}
		home := s.lo
		if s.size <= short+1 {
			home = t.hash(s.lo, s.hi, s.size-1)
		}
		longest = max(longest, 1+int((uint64(i)-home)&t.mask))
	}
	return longest
}
