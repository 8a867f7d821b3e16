package parser

import "bytes"

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
	Data    []byte   // at least Slack readable bytes follow it in its array, so Data[:len(Data)+Slack] is allowed
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
