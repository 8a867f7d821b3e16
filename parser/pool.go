package parser

import (
	"sync"

	"fastcount/internal/simd"
)

// Slack is the number of bytes after the data of a block, or after the bytes
// that Peek returns, that may be read. Their values are unspecified. Vector
// code needs them to load a full register where a field or a record ends.
const Slack = 320

// DefaultBufferSize is the number of bytes read at a time. Larger reads cost
// less per byte, as long as the data stays in the second-level cache until it
// is counted: with 1 MiB, two workers are 20 % slower.
const DefaultBufferSize = 512 << 10

// windowSize is the maximum number of bytes of a block. It is small enough that
// what one pass over the window writes is still in the second-level cache when
// the next pass reads it.
const windowSize = 64 << 10

// scratch is the memory of one Reader.
type scratch struct {
	buf     []byte   // the input buffer, with Slack more bytes in its array
	offsets []uint32 // of the structural characters of one window
	columns []Column // of the block
	fields  []field  // of one record
	copied  []byte   // the beginning of a block whose fields are modified
}

var scratches = sync.Pool{New: func() any {
	return &scratch{offsets: make([]uint32, windowSize+simd.Slack)}
}}

// putScratch returns s to the pool. It does not keep buffers that have grown
// for a long record.
func putScratch(s *scratch) {
	if len(s.buf) > 2*DefaultBufferSize {
		s.buf = nil
	}
	if cap(s.copied) > 2*DefaultBufferSize {
		s.copied = nil
	}
	scratches.Put(s)
}

// buffer returns a buffer for size bytes and a terminating line feed.
func (s *scratch) buffer(size int) []byte {
	if len(s.buf) < size+1 {
		s.buf = make([]byte, size+1, size+1+Slack)
	}
	return s.buf[:size+1]
}

// grown returns a buffer of twice the size of buf, with its contents. The
// buffer buf must have been returned by s.
func (s *scratch) grown(buf []byte) []byte {
	size := 2 * (len(buf) - 1)
	if len(s.buf) > size { // grown for an earlier input
		return s.buf[:size+1]
	}
	s.buf = nil
	bigger := s.buffer(size)
	copy(bigger, buf)
	return bigger
}

// columnsFor returns n columns.
func (s *scratch) columnsFor(n int) []Column {
	for len(s.columns) < n {
		s.columns = append(s.columns, Column{})
	}
	return s.columns[:n]
}
