package intern

import "hash/maphash"

// maxCachedSlots is the number of slots that fit in a second-level cache. A
// table of fewer slots is at most an eighth full, so that nearly all names are
// in their first slot.
const maxCachedSlots = 32 << 10

// batch is the number of names that are looked up together in a table of more
// slots.
const batch = 128

// IDs sets dst[i] to the id of the name data[starts[i]:ends[i]] for every i,
// and adds new names to the table. It returns the number of names processed:
// all of them, or, together with the error of admit, those that precede the
// name that was not admitted.
//
// dst, starts and ends must have the same length, and data[:len(data)+Slack]
// must lie within the capacity of data. IDs allocates only to add names.
func (t *Table) IDs(dst []uint32, data []byte, starts, ends []uint32) (int, error) {
	if len(t.slots) <= maxCachedSlots {
		return t.idsEach(dst, data, starts, ends)
	}
	for begin := 0; begin < len(starts); begin += batch {
		end := min(begin+batch, len(starts))
		n, err := t.idsBatch(dst[begin:end], data, starts[begin:end], ends[begin:end])
		if err != nil {
			return begin + n, err
		}
	}
	return len(starts), nil
}

// idsEach is IDs for a table in the cache. It looks up one name after another.
func (t *Table) idsEach(dst []uint32, data []byte, starts, ends []uint32) (int, error) {
	padded := data[:len(data)+Slack]
	ends, dst = ends[:len(starts)], dst[:len(starts)]
	for i, start := range starts {
		size := ends[i] - start
		if size > maxInline {
			id, err := t.ID(data[start:ends[i]])
			if err != nil {
				return i, err
			}
			dst[i] = id
			continue
		}
		lo, hi := words((*[maxInline]byte)(padded[start:]), size)
		hash := t.hash(lo, hi, size)
		tag := tagOf(hash, size)
		if s := &t.slots[hash>>(t.shift&63)]; s.lo == lo && s.hi == hi && s.tag == tag {
			dst[i] = s.id
			continue
		}
		id, err := t.find(hash, slot{lo: lo, hi: hi, tag: tag}, data[start:ends[i]])
		if err != nil {
			return i, err
		}
		dst[i] = id
	}
	return len(starts), nil
}

// idsBatch is IDs for at most batch names. It first computes all hashes, then
// reads all slots, and only then compares names: the processor waits for the
// slots at the same time. A branch that depends on a slot and is mispredicted
// would discard the loads that follow it.
func (t *Table) idsBatch(dst []uint32, data []byte, starts, ends []uint32) (int, error) {
	t.hashAll(data, starts, ends)
	hashes := t.hashes[:len(starts)]
	t.prefetch(hashes)
	padded := data[:len(data)+Slack]
	ends, dst = ends[:len(starts)], dst[:len(starts)]
	for i, start := range starts {
		size, hash := ends[i]-start, hashes[i]
		lo, hi := hash, uint64(size)
		if size <= maxInline {
			lo, hi = words((*[maxInline]byte)(padded[start:]), size)
		}
		tag := tagOf(hash, size)
		if s := t.at(hash, tag); s.lo == lo && s.hi == hi && s.tag == tag && size <= maxInline {
			dst[i] = s.id
			continue
		}
		id, err := t.find(hash, slot{lo: lo, hi: hi, tag: tag}, data[start:ends[i]])
		if err != nil {
			return i, err
		}
		dst[i] = id
	}
	return len(starts), nil
}

// at returns the second slot of a name if the first one has another tag, and
// the first one otherwise. It does not branch, because the branch would often
// be mispredicted.
func (t *Table) at(hash uint64, tag uint32) *slot {
	i := hash >> (t.shift & 63)
	other := t.slots[i].tag ^ tag
	i += uint64((other | -other) >> 31) // 1, or 0 if other is 0
	return &t.slots[i&uint64(len(t.slots)-1)]
}

// hashAll stores the hashes of a batch in t.hashes.
func (t *Table) hashAll(data []byte, starts, ends []uint32) {
	padded := data[:len(data)+Slack]
	hashes, ends := t.hashes[:len(starts)], ends[:len(starts)]
	for i, start := range starts {
		size := ends[i] - start
		if size > maxInline {
			hashes[i] = maphash.Bytes(t.seed, data[start:ends[i]])
			continue
		}
		lo, hi := words((*[maxInline]byte)(padded[start:]), size)
		hashes[i] = t.hash(lo, hi, size)
	}
}

// prefetch reads from the first two slots for each hash, which may be in
// different cache lines.
func (t *Table) prefetch(hashes []uint64) {
	var sum uint64
	for _, hash := range hashes {
		i := hash >> (t.shift & 63)
		sum += t.slots[i].lo + uint64(t.slots[(i+1)&uint64(len(t.slots)-1)].id)
	}
	t.prefetched = sum
}
