package parser

import "bytes"

// A Block is a sequence of complete records, with the positions of the fields
// of the selected columns:
//
//	Data               P1,t1,bp,71\nP2,t2,bp,80\n…
//	Columns[0].Starts  0            12           …
//	Columns[0].Ends    2            14           …
//	Columns[1].Starts  6            18           …
//	Columns[1].Ends    8            20           …
//
// For every column c and every r < Rows, Data[c.Starts[r]:c.Ends[r]] is the
// value of the field, without enclosing quotes and with doubled quotes replaced
// by single ones, or its prefix if Config.Buckets requires that. The contents
// of Data between these fields are unspecified.
//
// A Block and the memory that it refers to are valid until the next call of a
// method of its Reader.
type Block struct {
	Data    []byte   // Data[:len(Data)+Slack] lies within the capacity of Data
	Rows    int      // number of records; may be 0
	Columns []Column // in the order of Config.Columns
	Offset  int64    // number of bytes of the input before Data

	lines int64 // number of line feeds of the input before Data
}

// A Column holds the positions of the fields of one column in a block, with one
// entry for each record. If the column is a fact, it has no positions, and
// Constant is its value, which is not nil.
type Column struct {
	Starts, Ends []uint32 // indexes into Block.Data
	Constant     []byte   // not to be modified
}

// ErrorAt returns a SyntaxError with cause err and the position of the field
// with the given row and column, which are numbered from 0. The position of a
// constant is that of Data.
func (b *Block) ErrorAt(row, column int, err error) *SyntaxError {
	c := &b.Columns[column]
	if c.Constant != nil {
		return b.errorAt(0, err)
	}
	return b.errorAt(int(c.Starts[row]), err)
}

// errorAt returns a SyntaxError with the position of Data[at]. Data begins at
// the beginning of a line.
func (b *Block) errorAt(at int, err error) *SyntaxError {
	before := b.Data[:at]
	try, err := trySuggested(err)
	return &SyntaxError{
		Offset: b.Offset + int64(at),
		Line:   b.lines + int64(bytes.Count(before, []byte{'\n'})) + 1,
		Column: at - bytes.LastIndexByte(before, '\n'),
		Err:    err,
		Try:    try,
	}
}

// reset removes all records from b and keeps the memory of its columns.
func (b *Block) reset() {
	b.Rows = 0
	for i := range b.Columns {
		c := &b.Columns[i]
		c.Starts, c.Ends = c.Starts[:0], c.Ends[:0]
	}
}

// parseBlock is the block parser. It appends the complete records of window to
// the block and returns the number of bytes used. If it returns 0, it has
// appended nothing: either the window is not one that the fast path can read,
// or, if more is true, it contains neither a line feed nor a quote.
//
// The fast path requires that the delimiter is one byte, that the window
// contains no quote, no CR except in CRLF, and that every width-th structural
// character is a line feed. Then each structural character is the end of a
// field.
func (r *Reader) parseBlock(window []byte) (used int, more bool) {
	if !r.blocks {
		return 0, len(window) == 0
	}
	offsets := r.scratch.offsets
	m := r.index(offsets, window, r.cfg.Dialect.Delimiter[0])
	switch {
	case m.Quote || m.LoneCR || bytes.ContainsAny(window, r.excluded):
		return 0, false
	case m.Newlines == 0:
		return 0, true
	}
	width := r.header.width
	n := m.Newlines * width // structural characters of complete records
	if width < 2 || n > m.Offsets || n < m.Offsets-(width-1) {
		return 0, false
	}
	if !r.verify(window, offsets[:n]) {
		return 0, false
	}
	r.appendColumns(window, offsets[:n], m.CR)
	r.block.Data, r.block.Rows = window, m.Newlines
	if !r.cutTimes() || r.cfg.Dialect.SkipRepeatedHeaders && r.holdsNames() {
		r.block.reset()
		return 0, false
	}
	return int(offsets[n-1]) + 1, false
}

// verify reports whether the last structural character of each record is a line
// feed, and no record exceeds the limit, begins with a byte order mark or a
// comment, or equals the header. The number of line feeds is that of records,
// so the remaining structural characters are delimiters.
//
// A record that equals the header has its length, or one byte more for a CR.
// Most records do not, so that one comparison excludes them.
func (r *Reader) verify(window []byte, offsets []uint32) bool {
	width, header, start := r.header.width, uint32(r.header.line), uint32(0)
	longest := uint32(min(r.cfg.Limits.MaxRecord, windowSize))
	for i := uint(width - 1); i < uint(len(offsets)); i += uint(width) {
		end := offsets[i]
		length := end - start
		if window[start] == 0xef && hasByteOrderMark(window[start:]) || window[end] != '\n' || length > longest {
			return false
		}
		if length-header <= 1 && r.header.repeatsUnquoted(window[start:end], r.cfg.Dialect.Delimiter[0]) {
			return false
		}
		start = end + 1
	}
	return r.cfg.Dialect.Comment == "" || !r.hasComment(window, offsets)
}

// hasComment reports whether one of the records, whose structural characters
// have the given offsets, begins with a comment.
func (r *Reader) hasComment(window []byte, offsets []uint32) bool {
	width, start, comment := r.header.width, 0, []byte(r.cfg.Dialect.Comment)
	for i := width - 1; i < len(offsets); i += width {
		if bytes.HasPrefix(window[start:], comment) {
			return true
		}
		start = int(offsets[i]) + 1
	}
	return false
}

// holdsNames reports whether a record of the block may repeat the header
// without being equal to it.
func (r *Reader) holdsNames() bool {
	b := &r.block
	for row := range b.Rows {
		field := func(i, _ int) []byte { return b.Data[b.Columns[i].Starts[row]:b.Columns[i].Ends[row]] }
		if r.header.holdsNames(field) {
			return true
		}
	}
	return false
}

// appendColumns sets the columns of the block, which is empty, from the offsets
// of the structural characters. If cr is true, records may end in CRLF.
func (r *Reader) appendColumns(window []byte, offsets []uint32, cr bool) {
	for i, column := range r.header.wanted {
		if column == constant {
			continue
		}
		r.block.Columns[i].fill(offsets, r.header.width, column)
		if cr && column == r.header.width-1 {
			r.block.Columns[i].trimCR(window)
		}
	}
}

// fill sets c to the fields of one column, given the offsets of the structural
// characters of all records.
func (c *Column) fill(offsets []uint32, width, column int) {
	rows := len(offsets) / width
	if cap(c.Starts) < rows {
		c.Starts, c.Ends = make([]uint32, rows), make([]uint32, rows)
	}
	starts, ends := c.Starts[:rows], c.Ends[:rows]
	c.Starts, c.Ends = starts, ends
	first, before := 0, uint(column-1) // before is the structural character before a field
	if column == 0 {
		starts[0], ends[0] = 0, offsets[0]
		first, before = 1, uint(width-1)
	}
	ends = ends[:len(starts)]
	for i := first; i < len(starts); i++ {
		starts[i] = offsets[before] + 1
		ends[i] = offsets[before+1]
		before += uint(width)
	}
}

// trimCR removes the CR of a CRLF from the fields of the last column.
func (c *Column) trimCR(window []byte) {
	for i, end := range c.Ends {
		if end > c.Starts[i] && window[end-1] == '\r' {
			c.Ends[i] = end - 1
		}
	}
}
