package intern

// store holds the bytes of names in chunks, so that adding a name moves no
// other one: a slice that grew to the size of all names would take more than
// twice as much memory as they do.
type store struct {
	chunks [][]byte
	ends   []uint64 // where each name ends, by id: its chunk << 32 | offset in it
	size   int      // bytes of all names
}

// Bounds of the capacity of a chunk, which otherwise is the size of all names
// before it.
const (
	minChunk = 512
	maxChunk = 1 << 20
)

// add adds a name, whose id is the number of names before it.
func (s *store) add(name []byte) {
	last := len(s.chunks) - 1
	if last < 0 || cap(s.chunks[last])-len(s.chunks[last]) < len(name) {
		size := min(max(s.size, minChunk), maxChunk)
		s.chunks = append(s.chunks, make([]byte, 0, max(size, len(name))))
		last++
	}
	s.chunks[last] = append(s.chunks[last], name...)
	s.ends = append(s.ends, uint64(last)<<32|uint64(len(s.chunks[last])))
	s.size += len(name)
}

// name returns the name with this id. It begins where the one before it in its
// chunk ends.
func (s *store) name(id uint32) []byte {
	place := s.ends[id]
	start, end := uint64(0), place&(1<<32-1)
	if id > 0 && s.ends[id-1]>>32 == place>>32 {
		start = s.ends[id-1] & (1<<32 - 1)
	}
	return s.chunks[place>>32][start:end:end]
}

// sized is name for an id whose name has this length.
func (s *store) sized(id uint32, length int) []byte {
	place := s.ends[id]
	end := int(place & (1<<32 - 1))
	return s.chunks[place>>32][end-length : end]
}

// reset forgets all names. It masks one chunk, unless that is a large one for a
// single name.
func (s *store) reset() {
	last := len(s.chunks) - 1
	kept := s.chunks[:0]
	if last >= 0 && cap(s.chunks[last]) <= maxChunk {
		kept = append(kept, s.chunks[last][:0])
	}
	clear(s.chunks[len(kept):])
	*s = store{chunks: kept, ends: s.ends[:0]}
}
