package parser

import (
	"sync"

	"fastcount/internal/simd"
)

// Slack is how many bytes behind a block may be read, but not relied upon: vector code loads a whole register where a
// field or record ends. Every buffer of this package is that much longer than it claims to be; no other memory may be
// read so.
const Slack = 320

// DefaultBufferSize is how many bytes are read at once. Larger reads cost less per byte, until what was read falls out
// of the second-level cache before it is counted: two workers are a fifth slower with 1 MiB.
const DefaultBufferSize = 512 << 10

// windowSize is how many bytes are made into one block. What one pass over a window writes is still in the
// processor's second-level cache when the next pass reads it.
const windowSize = 64 << 10

// scratch is the memory of one Reader.
type scratch struct {
	buf     []byte   // the input buffer; Slack more bytes follow it in its array
	offsets []uint32 // room for the separators of one window
	columns []Column // of the block
	fields  []field  // of the record at hand, for the careful road
}

var scratches = sync.Pool{New: func() any {
	return &scratch{offsets: make([]uint32, windowSize+simd.Slack)}
}}

// putScratch gives s back. A buffer that a long record made grow is not kept.
func putScratch(s *scratch) {
	if len(s.buf) > 2*DefaultBufferSize {
		s.buf = nil
	}
	scratches.Put(s)
}

// buffer returns a buffer for size bytes and the one line feed that may have to be put behind them.
func (s *scratch) buffer(size int) []byte {
	if len(s.buf) < size+1 {
		s.buf = make([]byte, size+1, size+1+Slack)
	}
	return s.buf[:size+1]
}

// grown returns a buffer for twice as many bytes as buf, which is from s, with the same content.
func (s *scratch) grown(buf []byte) []byte {
	size := 2 * (len(buf) - 1)
	if len(s.buf) > size { // an input before this one needed it
		return s.buf[:size+1]
	}
	s.buf = nil
	bigger := s.buffer(size)
	copy(bigger, buf)
	return bigger
}

func (s *scratch) columnsFor(n int) []Column {
	for len(s.columns) < n {
		s.columns = append(s.columns, Column{})
	}
	return s.columns[:n]
}
