package inflate

import "io"

// inputSize is the size of the input buffer, and of reads from the source, in
// bytes.
const inputSize = 64 << 10

// keptInput is the number of bytes before the unread ones that stay in the
// buffer, because a Reader returns whole bytes of its bit buffer by moving
// back.
const keptInput = 8

// An Input is a buffered source of compressed data. A [Reader] or [Member] that
// has returned io.EOF leaves it at the first byte after its stream, so that
// what follows can be read from the Input.
type Input struct {
	src      io.Reader
	err      error // of src
	base     int64 // offset of buf[0] in the input
	pos, end int   // of the unread bytes in buf
	buf      []byte
}

// NewInput returns an Input that reads from src.
func NewInput(src io.Reader) *Input {
	in := new(Input)
	in.Reset(src)
	return in
}

// Reset discards the state of in and makes it read from src. It keeps the
// buffer.
func (in *Input) Reset(src io.Reader) {
	if in.buf == nil {
		in.buf = make([]byte, keptInput+inputSize)
	}
	*in = Input{src: src, buf: in.buf}
}

// Offset returns the number of bytes that were read from in.
func (in *Input) Offset() int64 { return in.base + int64(in.pos) }

// Peek returns the next n bytes, at most 64 KiB, without advancing in. They are
// valid until the next call of a method. If there are fewer, Peek also returns
// the error of the source, which is io.EOF at the end of the input.
func (in *Input) Peek(n int) ([]byte, error) {
	if !in.has(n) {
		return in.buf[in.pos:in.end], in.err
	}
	return in.buf[in.pos : in.pos+n], nil
}

// Discard skips the next n bytes, which must have been returned by Peek.
func (in *Input) Discard(n int) {
	if n < 0 || n > in.end-in.pos {
		panic("inflate: discard of bytes that were not peeked")
	}
	in.pos += n
}

// Read implements io.Reader.
func (in *Input) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !in.has(1) {
		return 0, in.err
	}
	n := copy(p, in.buf[in.pos:in.end])
	in.pos += n
	return n, nil
}

// ReadByte implements io.ByteReader.
func (in *Input) ReadByte() (byte, error) {
	if !in.has(1) {
		return 0, in.err
	}
	in.pos++
	return in.buf[in.pos-1], nil
}

// has reads until n bytes are buffered, and reports whether they are. If not,
// in.err holds the reason.
func (in *Input) has(n int) bool {
	for in.end-in.pos < n && in.err == nil {
		in.fill()
	}
	return in.end-in.pos >= n
}

// fill moves the unread bytes to the start of the buffer and reads once from
// the source, or until it returns data or an error.
func (in *Input) fill() {
	kept := min(in.pos, keptInput)
	moved := in.pos - kept
	in.base += int64(moved)
	in.pos, in.end = kept, copy(in.buf, in.buf[moved:in.end])
	before := in.end
	for idle := 0; in.end == before && in.err == nil; idle++ {
		n, err := in.src.Read(in.buf[in.end:])
		in.end += n
		in.err = err
		if idle == 100 && n == 0 && err == nil {
			in.err = io.ErrNoProgress
		}
	}
}
