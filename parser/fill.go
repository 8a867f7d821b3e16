package parser

import "io"

// minFill is the number of bytes that fill waits for before they are parsed, so
// that small network reads are combined.
const minFill = 64 << 10

// fill gets the next window of the source. Without one, it moves the
// unparsed bytes to the start of the buffer and reads until that holds at least
// minFill bytes more than twice their number, or is full, or the input ends.
// Because the amount doubles, parsing a long record that arrives in small
// pieces again after each fill takes linear time. A full buffer grows, which
// the limit of a record bounds.
//
// Only io.EOF ends the input. io.ReadFull is not used, because it replaces
// io.EOF by io.ErrUnexpectedEOF and so hides which of them the source returned.
func (r *Reader) fill() error {
	r.keepUnread()
	if r.window() {
		return nil
	}
	enough := min(len(r.buf)-1, 2*r.end+minFill)
	for idle := 0; r.end < enough && !r.eof; {
		n, err := r.src.Read(r.free())
		r.end += n
		r.updateLimit()
		switch {
		case err == io.EOF:
			r.finish()
		case err != nil:
			return err
		case n > 0:
			idle = 0
		default:
			if idle++; idle == 100 {
				return io.ErrNoProgress
			}
		}
	}
	return nil
}

// free returns the free part of the buffer. After the end of a byte range it
// returns at most minFill bytes, because only the rest of one record is needed.
func (r *Reader) free() []byte {
	free := r.buf[r.end : len(r.buf)-1]
	inRange := r.limit - (r.base + int64(r.end))
	return free[:min(int64(len(free)), max(inRange, minFill))]
}

// finish records the end of the input and terminates the last line if it has no
// line feed. Bytes that were consumed end in a line feed, so if the input ends
// in another byte, that byte is still in the buffer.
func (r *Reader) finish() {
	r.eof = true
	if r.end > r.pos && r.buf[r.end-1] != '\n' {
		r.buf[r.end] = '\n'
		r.end++
		r.padded, r.records.padded = true, true
	}
}
