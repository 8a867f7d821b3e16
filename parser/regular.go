package parser

import "fastcount/internal/simd"

// The regular road. A stretch of input is regular if it holds no quote, no carriage return but those of CRLF, and
// if after every width-1 delimiters comes a line feed. Then each separator that the kernel found is the end of a
// field, and nothing else needs to be looked at.

// regular appends the whole records of window to the block and returns the bytes used. If it returns 0 it has
// proved nothing and appended nothing; more says that then the window holds no line end and no quote at all.
func (r *Reader) regular(window []byte) (used int, more bool) {
	offsets := r.scratch.offsets
	m := r.index(offsets, window, r.cfg.Dialect.Delimiter)
	switch {
	case m.Quote || m.LoneCR:
		return 0, false
	case m.Newlines == 0:
		return 0, true
	}
	separators := m.Newlines * r.header.width
	if r.header.width < 2 || separators > m.Offsets || separators < m.Offsets-(r.header.width-1) {
		return 0, false
	}
	if !r.projectAll(window, offsets[:separators], m) {
		r.block.reset()
		return 0, false
	}
	r.block.Rows = m.Newlines
	return int(offsets[separators-1]) + 1, false
}

// projectAll fills the columns of the block from the offsets of the separators of m.Newlines records. It returns
// false if a record is not as wide as the header, is longer than the limit, or may be the header over again.
//
// That every width-th separator is a line feed is enough: there are as many line feeds as records, so all
// separators in between are delimiters.
func (r *Reader) projectAll(window []byte, offsets []uint32, m simd.Marks) bool {
	if !r.plausible(window, offsets) {
		return false
	}
	for i, column := range r.header.wanted {
		r.block.Columns[i].fill(offsets, r.header.width, column)
		if m.CR && column == r.header.width-1 {
			r.block.Columns[i].trimCR(window)
		}
	}
	return true
}

// plausible reports whether each record's last separator is a line feed, and none is too long, begins with a byte order
// mark, or is the header again. Most records are not as long as the header, CR or no CR: one comparison tells.
func (r *Reader) plausible(window []byte, offsets []uint32) bool {
	width, header, start := r.header.width, uint32(r.header.line), uint32(0)
	longest := uint32(min(r.cfg.Limits.MaxRecord, windowSize))
	for i := uint(width - 1); i < uint(len(offsets)); i += uint(width) {
		end := offsets[i]
		length := end - start
		if window[start] == 0xef && hasMark(window[start:]) || window[end] != '\n' || length > longest {
			return false
		}
		if length-header <= 1 && r.header.resembles(window[start:end], r.cfg.Dialect.Delimiter) {
			return false
		}
		start = end + 1
	}
	return true
}

// fill takes the fields of one column from the offsets of all separators.
func (c *Column) fill(offsets []uint32, width, column int) {
	rows := len(offsets) / width
	if cap(c.Starts) < rows {
		c.Starts, c.Ends = make([]uint32, rows), make([]uint32, rows)
	}
	starts, ends := c.Starts[:rows], c.Ends[:rows]
	c.Starts, c.Ends = starts, ends
	first := 0
	if column == 0 {
		starts[0], ends[0] = 0, offsets[0]
		first = 1
		offsets = offsets[width-1:]
	} else {
		offsets = offsets[column-1:]
	}
	ends = ends[:len(starts)]
	for i := first; i < len(starts); i++ {
		starts[i] = offsets[0] + 1
		ends[i] = offsets[1]
		offsets = offsets[min(width, len(offsets)):]
	}
}

// trimCR takes the carriage return of a CRLF off the fields of the last column.
func (c *Column) trimCR(window []byte) {
	for i, end := range c.Ends {
		if end > c.Starts[i] && window[end-1] == '\r' {
			c.Ends[i] = end - 1
		}
	}
}
