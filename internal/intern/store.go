package intern

// store holds the bytes of names in chunks, so that adding a name does not move
// other names. A single growing slice would need more than twice the memory of
// the names.
type store struct {
	chunks [][]byte
	ends   []uint64 // the end of each name, by id: chunk << 32 | offset in the chunk
	size   int      // total length of the names
}

// The capacity of a chunk is the total length of the names in the preceding
// chunks, within these bounds.
const (
	minChunk = 512
	maxChunk = 1 << 20
)

// add adds a name. Its id is the number of names already in the store.
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

// name returns the name with the given id. It begins at the end of the
// preceding name in its chunk.
func (s *store) name(id uint32) []byte {
	place := s.ends[id]
	start, end := uint64(0), place&(1<<32-1)
	if id > 0 && s.ends[id-1]>>32 == place>>32 {
		start = s.ends[id-1] & (1<<32 - 1)
	}
	return s.chunks[place>>32][start:end:end]
}

// sized returns the name with the given id, which must have the given length.
func (s *store) sized(id uint32, length int) []byte {
	place := s.ends[id]
	end := int(place & (1<<32 - 1))
	return s.chunks[place>>32][end-length : end]
}

// reset removes all names. It keeps the last chunk, unless that is larger than
// maxChunk because of a long name.
func (s *store) reset() {
	last := len(s.chunks) - 1
	kept := s.chunks[:0]
	if last >= 0 && cap(s.chunks[last]) <= maxChunk {
		kept = append(kept, s.chunks[last][:0])
	}
	clear(s.chunks[len(kept):])
	*s = store{chunks: kept, ends: s.ends[:0]}
}
