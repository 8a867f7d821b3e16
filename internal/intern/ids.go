package intern

import (
	"encoding/binary"
	"hash/maphash"
)

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
	begin, err := t.idsSame(dst, data, starts, ends)
	if err != nil {
		return 0, err
	}
	if len(t.slots) <= maxCachedSlots {
		n, err := t.idsEach(dst[begin:], data, starts[begin:], ends[begin:])
		return begin + n, err
	}
	for ; begin < len(starts); begin += batch {
		end := min(begin+batch, len(starts))
		n, err := t.idsBatch(dst[begin:end], data, starts[begin:end], ends[begin:end])
		if err != nil {
			return begin + n, err
		}
	}
	return len(starts), nil
}

// idsSame is IDs for the names at the beginning that equal the first one, and
// none if that is longer than maxInline. In many inputs all rows of a block
// have the same day, and comparing takes less than half of the time of a
// look-up.
func (t *Table) idsSame(dst []uint32, data []byte, starts, ends []uint32) (int, error) {
	n := same(data[:len(data)+Slack], starts, ends)
	if n == 0 {
		return 0, nil
	}
	id, err := t.ID(data[starts[0]:ends[0]])
	if err != nil {
		return 0, err
	}
	for i := range dst[:n] {
		dst[i] = id
	}
	return n, nil
}

// same returns the number of names, at the beginning, that equal the first one
// and are not longer than maxInline.
func same(padded []byte, starts, ends []uint32) int {
	if len(starts) == 0 || ends[0]-starts[0] > maxInline {
		return 0
	}
	size := ends[0] - starts[0]
	mask, first := masks[size], longest(padded, starts[0])
	lo, hi := binary.LittleEndian.Uint64(first[:8]), binary.LittleEndian.Uint64(first[8:])
	ends = ends[:len(starts)]
	for i, start := range starts {
		name := longest(padded, start)
		differ := (binary.LittleEndian.Uint64(name[:8])^lo)&mask[0] | (binary.LittleEndian.Uint64(name[8:])^hi)&mask[1]
		if ends[i]-start != size || differ != 0 {
			return i
		}
	}
	return len(starts)
}

// longest returns the bytes of a name that begins at start, as if it had the
// length maxInline. In this form the compiler checks bounds once.
func longest(padded []byte, start uint32) *[maxInline]byte {
	begin := int(start)
	return (*[maxInline]byte)(padded[begin : begin+maxInline : begin+maxInline])
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
		lo, hi := words(longest(padded, start), size)
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
			lo, hi = words(longest(padded, start), size)
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
		lo, hi := words(longest(padded, start), size)
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
