package intern

import "hash/maphash"

// maxCachedSlots is how many slots are at hand in a processor's second-level cache. So many are at most an eighth full before
// there are more, so that nearly all names are in their first slot.
const maxCachedSlots = 32 << 10

// batch is how many names are looked up together where the slots are not at hand.
const batch = 128

// IDs writes the ids of the names data[starts[i]:ends[i]] to dst[i] for every i and returns how many it wrote:
// all of them, or with the error of admit those before the name that was not admitted. data[:len(data)+Slack]
// must lie within its capacity, and dst be as long as starts and ends. It allocates only to keep a new name.
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

// near looks one name up after the other, in its first slot.
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

// far looks up a batch of names at most. Their hashes come first, then their slots are read, all of them at once for all
// that the processor sees, and only then anything is compared: a branch that goes the wrong way after waiting for
// memory would make the waiting of those behind it begin anew.
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

// at returns the one of the first two slots of a name in which it is, if it is in one of them. Which one is no
// branch, for it would go the wrong way too often.
func (t *Table) at(hash uint64, tag uint32) *slot {
	i := hash >> (t.shift & 63)
	other := t.slots[i].tag ^ tag
	i += uint64((other | -other) >> 31) // 1, or 0 if other is 0
	return &t.slots[i&uint64(len(t.slots)-1)]
}

// hashAll puts the hashes of a batch into t.hashes.
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

// touch reads from the first two slots for each hash, which may lie in two lines of the cache.
func (t *Table) prefetch(hashes []uint64) {
	var sum uint64
	for _, hash := range hashes {
		i := hash >> (t.shift & 63)
		sum += t.slots[i].lo + uint64(t.slots[(i+1)&uint64(len(t.slots)-1)].id)
	}
	t.prefetched = sum
}
