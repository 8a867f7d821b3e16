package parser

// Options say how CSV is read. The zero value reads comma-separated text with the default limits and no columns;
// Columns must name at least one.
type Options struct {
	// Comma is the delimiter; 0 means ','. It may not be a quote, CR, LF or a byte from 0x80.
	Comma byte

	// Columns are the columns that the blocks carry, in the order of Block.Columns.
	Columns []Selector

	// NoHeader says that the first record is data; Columns must then be chosen by number.
	NoHeader bool

	// MaxRecord bounds the bytes of a record without its line feed; 0 means 1 MiB.
	MaxRecord int

	// MaxColumns bounds the columns of the header; 0 means 4,096.
	MaxColumns int

	// BufferSize is how many bytes are read at once; 0 means DefaultBufferSize. It changes the speed, never the result.
	BufferSize int
}

// Selector chooses a column: by its exact name in the header, or by Number from 1 where Name is empty.
type Selector struct {
	Name   string
	Number int
}
