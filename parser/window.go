package parser

import "io"

// A Windower is a source that can return its bytes where they are, so that a
// [Reader] parses them there instead of copying them into its buffer. Examples
// are a mapped file, and a decompressor that parses what it has just decoded.
//
// The Reader calls Window whenever it needs more bytes, and reads with Read
// only if the result is nil.
type Windower interface {
	io.Reader

	// Window returns, in one slice, the last unread bytes that Window and Read
	// have returned, and at least one byte that follows them. The latter count
	// as returned. unread is 0, or the length of an unfinished record and, with
	// Dialect.SkipFooter, of the records that may be the footer.
	//
	// Window returns nil, and nothing counts as returned, if the next bytes are
	// to be read with Read: at the end of the source or after an error, both of
	// which only Read reports, or if the source cannot return the unread bytes
	// once more. A later call may return a slice again.
	//
	// data[:len(data)+Slack] lies within the capacity of data, and is valid
	// until the next call of Window or Read. The Reader does not modify it.
	// data is shorter than 2 GiB.
	Window(unread int) (data []byte)
}

// window makes r parse the next window of its source, if there is one. All
// unread bytes are at the start of the buffer.
func (r *Reader) window() bool {
	if r.windows == nil {
		return false
	}
	data := r.windows.Window(r.end)
	if data == nil {
		return false
	}
	if len(data) <= r.end {
		panic("parser: Window returned no new bytes")
	}
	r.buf, r.end = data, len(data)
	r.updateLimit()
	return true
}

// keepUnread moves the unread bytes to the start of the buffer that belongs to
// r, which grows if it is full, and makes that the current
// buffer.
func (r *Reader) keepUnread() {
	unread := r.buf[r.pos:r.end]
	r.base += int64(r.pos)
	for len(r.own)-1 <= len(unread) {
		r.own = r.scratch.grown(r.own)
	}
	copy(r.own, unread)
	r.buf, r.pos, r.end = r.own, 0, len(unread)
}
