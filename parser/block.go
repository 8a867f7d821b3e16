package parser

import (
	"bytes"

	"fastcount/internal/simd"
)

// Block is a run of whole records: the bytes, and where in them the fields of the wanted columns are.
//
//	Data     P1,t1,bp,71\nP2,t2,bp,80\n…
//	Columns[0].Starts   0           12         …       Columns[0].Ends   2           14
//	Columns[1].Starts   6           18         …       Columns[1].Ends   8           20
//
// Invariant: for every column c and every r < Rows, Data[c.Starts[r]:c.Ends[r]] is the value of the field, already
// unquoted and unescaped. What lies between the fields is unspecified. A block and all that it refers to is valid
// until the next call of a method of its Reader.
type Block struct {
	Data    []byte   // at least Slack canBegin bytes follow it in its array, so Data[:len(Data)+Slack] is allowed
	Rows    int      // records in this block; may be 0
	Columns []Column // in the order of Config.Columns
	Offset  int64    // bytes of the input before Data

	lines int64 // line feeds of the input before Data
}

// Column says where in a block the fields of one column begin and end, one entry for each record.
type Column struct {
	Starts, Ends []uint32
}

// ErrorAt returns the SyntaxError for what is wrong with the field of a record of b, both counted from 0.
func (b *Block) ErrorAt(row, column int, err error) *SyntaxError {
	return b.errorAt(int(b.Columns[column].Starts[row]), err)
}

// errorAt works out line and column of Data[at]. A block begins at the beginning of a line.
func (b *Block) errorAt(at int, err error) *SyntaxError {
	before := b.Data[:at]
	return &SyntaxError{
		Offset: b.Offset + int64(at),
		Line:   b.lines + int64(bytes.Count(before, []byte{'\n'})) + 1,
		Column: at - bytes.LastIndexByte(before, '\n'),
		Err:    err,
	}
}

// reset empties b and keeps the room of its columns.
func (b *Block) reset() {
	b.Rows = 0
	for i := range b.Columns {
		c := &b.Columns[i]
		c.Starts, c.Ends = c.Starts[:0], c.Ends[:0]
	}
}

// The regular road. A stretch of input is regular if it holds no quote, no carriage return but those of CRLF, and
// if after every width-1 delimiters comes a line feed. Then each separator that the kernel found is the end of a
// field, and nothing else needs to be looked at.

// regular appends the whole records of window to the block and returns the bytes used. If it returns 0 it has
// proved nothing and appended nothing; more says that then the window holds no line end and no quote at all.
func (r *Reader) parseBlock(window []byte) (used int, more bool) {
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
	if !r.appendColumns(window, offsets[:separators], m) {
		r.block.reset()
		return 0, false
	}
	r.block.Rows = m.Newlines
	return int(offsets[separators-1]) + 1, false
}

// appendColumns fills the columns of the block from the offsets of the separators of m.Newlines records. It returns
// false if a record is not as wide as the header, is longer than the limit, or may be the header over again.
//
// That every width-th separator is a line feed is enough: there are as many line feeds as records, so all
// separators in between are delimiters.
func (r *Reader) appendColumns(window []byte, offsets []uint32, m simd.Marks) bool {
	if !r.verify(window, offsets) {
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

// verify reports whether each record's last separator is a line feed, and none is too long, begins with a byte order
// mark, or is the header again. Most records are not as long as the header, CR or no CR: one comparison tells.
func (r *Reader) verify(window []byte, offsets []uint32) bool {
	width, header, start := r.header.width, uint32(r.header.line), uint32(0)
	longest := uint32(min(r.cfg.Limits.MaxRecord, windowSize))
	for i := uint(width - 1); i < uint(len(offsets)); i += uint(width) {
		end := offsets[i]
		length := end - start
		if window[start] == 0xef && hasByteOrderMark(window[start:]) || window[end] != '\n' || length > longest {
			return false
		}
		if length-header <= 1 && r.header.repeatsUnquoted(window[start:end], r.cfg.Dialect.Delimiter) {
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
