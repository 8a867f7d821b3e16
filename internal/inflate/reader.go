package inflate

import "io"

const (
	// maxDistance is the largest distance of a match, and the number of decoded
	// bytes that are kept for matches.
	maxDistance = 32 << 10

	// chunkSize is the number of bytes that are decoded at a time.
	chunkSize = 128 << 10

	// Slack is the number of bytes after those that Next and Window return that
	// may be read. Their values are unspecified.
	Slack = 320

	// overshoot is the number of bytes that the fast loop may write after the
	// position at which it stops.
	overshoot = 320

	outputSlack = overshoot + Slack

	// inputMargin is the number of bytes that must be buffered for the fast
	// loop to begin an iteration: it loads a word.
	inputMargin = 8
)

// A Reader decodes a DEFLATE stream. Once it has decoded a stream, further ones
// need no memory.
type Reader struct {
	in  *Input
	err error // returned after the decoded bytes

	// The low left bits of bits are the next bits of the input. Higher bits are
	// zero, or equal to the bits that follow in in.buf[in.pos:].
	bits uint64
	left uint32

	phase   phase
	final   bool    // the block is the last one
	stored  int     // remaining bytes of the stored block
	tables  *tables // of the block
	dynamic tables
	lengths [allLitSymbols + allDistSymbols]uint8

	// The window contains the decoded bytes:
	//
	//	other streams | history | not returned | free | slack
	//	              start     given          next   limit
	window             []byte
	start, given, next int

	slow bool // never use the fast loop, for tests
}

// phase is the part of a stream that is decoded next.
type phase uint8

const (
	atBlock phase = iota
	inStored
	inCodes
	atEnd
)

// Reset discards the state of r and makes it decode the stream that begins at
// the next byte of in.
func (r *Reader) Reset(in *Input) {
	if r.window == nil {
		r.window = make([]byte, maxDistance+chunkSize+outputSlack)
	}
	r.in, r.err = in, nil
	r.bits, r.left = 0, 0
	r.phase, r.final = atBlock, false
	r.start, r.given = r.next, r.next
}

// Next returns the next decoded bytes, which are valid until the next call of a
// method of r. It returns no bytes only together with an error:
//
//   - io.EOF at the end of the stream, where the Input is at the first byte
//     after it;
//   - io.ErrUnexpectedEOF if the input ends within the stream;
//   - an [*Error] if the stream is corrupt;
//   - the unmodified error of the source.
//
// Further calls return the same error.
func (r *Reader) Next() ([]byte, error) {
	return r.Window(0)
}

// Window is Next, but the result begins with the last unread bytes that were
// returned before. It returns no bytes and no error if they are not in the
// window any more, or leave too little space for others; then the next ones can
// only be read without them.
func (r *Reader) Window(unread int) ([]byte, error) {
	if unread > r.given || unread > len(r.window)/2 {
		return nil, nil
	}
	r.decode(unread)
	if r.given == r.next {
		return nil, r.err
	}
	decoded := r.window[r.given-unread : r.next]
	r.given = r.next
	return decoded, nil
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	r.decode(0)
	n := copy(p, r.window[r.given:r.next])
	r.given += n
	if n == 0 {
		return 0, r.err
	}
	return n, nil
}

// Clear discards all decoded bytes, so that Window does not return them to the
// reader of another stream.
func (r *Reader) Clear() { r.start, r.given, r.next = 0, 0, 0 }

// decode decodes until the window is full or the stream ends, unless there are
// bytes that were not returned. It keeps the last unread bytes that were.
func (r *Reader) decode(unread int) {
	if r.given < r.next || r.err != nil {
		return
	}
	r.slide(unread)
	for r.err == nil && r.next < r.limit() {
		switch r.phase {
		case atBlock:
			r.err = r.block()
		case inStored:
			r.err = r.copyStored()
		case inCodes:
			r.err = r.codes()
		case atEnd:
			r.err = io.EOF
		}
	}
}

// limit returns the position in the window at which decoding stops. A match
// that begins before it may end after it.
func (r *Reader) limit() int { return len(r.window) - outputSlack }

// slide moves the history and the last unread bytes to the beginning of the
// window unless there is space for half a chunk.
func (r *Reader) slide(unread int) {
	if r.limit()-r.next >= chunkSize/2 {
		return
	}
	kept := max(min(r.next-r.start, maxDistance), unread)
	moved := r.next - kept
	copy(r.window, r.window[moved:r.next])
	r.start, r.given, r.next = max(r.start-moved, 0), kept, kept
}

// offset returns the number of whole bytes of the input that were decoded.
func (r *Reader) offset() int64 { return r.in.Offset() - int64(r.left/8) }

// corrupt returns an error at the current position.
func (r *Reader) corrupt(err error) error { return &Error{r.offset(), err} }

// need makes at least n bits available, n ≤ 56.
func (r *Reader) need(n int) error {
	for r.left < 56 {
		if r.in.pos == r.in.end {
			if int(r.left) >= n {
				return nil
			}
			if !r.in.has(1) {
				return noEOF(r.in.err)
			}
		}
		r.bits |= uint64(r.in.buf[r.in.pos]) << (r.left & 63)
		r.in.pos++
		r.left += 8
	}
	return nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// take returns the next n bits, which must be available.
func (r *Reader) take(n int) int {
	v := r.bits & (1<<n - 1)
	r.bits >>= n
	r.left -= uint32(n)
	return int(v)
}

// read returns the next n bits.
func (r *Reader) read(n int) (int, error) {
	if err := r.need(n); err != nil {
		return 0, err
	}
	return r.take(n), nil
}

// align skips the rest of the current byte, and returns the following bytes to
// the Input.
func (r *Reader) align() {
	r.in.pos -= int(r.left / 8)
	r.bits, r.left = 0, 0
}
