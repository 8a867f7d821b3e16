package parser

import (
	"fmt"

	"fastcount/internal/simd"
)

// Options say how CSV is read. The zero value reads comma-separated text with the default limits; Columns must
// name at least one.
type Options struct {
	// Comma is the delimiter; 0 means ','. It may not be a quote, CR, LF or a byte from 0x80.
	Comma byte

	// Columns are the columns that the blocks carry, in the order of Block.Columns.
	Columns []Selector

	// NoHeader says that the first record is data; Columns must then be chosen by number.
	NoHeader bool

	// MaxRecord bounds the bytes of a record, its line feed not counted; 0 means 1 MiB.
	MaxRecord int

	// MaxRecordLines bounds the lines of a record: one more than the line feeds
	// inside its quotes. 0 means 1,000.
	MaxRecordLines int

	// MaxColumns bounds the columns of the first record; 0 means 4,096.
	MaxColumns int

	// ShowNames lets the error for a missing column list the names that there are. In an input without a header they
	// are somebody's data.
	ShowNames bool

	// Reject, if set, is called for each record with a wrong number of fields, which then is left out: with the error
	// that it would else have been, and the record as it stands in the input, without its line end, valid during the
	// call. The error that it returns ends the input; nil goes on. Nothing but the number of fields is forgiven:
	// behind a quote that is wrong it is not certain where records begin.
	Reject func(err *SyntaxError, record []byte) error

	// BufferSize is how many bytes are read at once; 0 means DefaultBufferSize. It changes the speed, never the
	// result.
	BufferSize int

	// Kernel is the name of the kernel of package simd that finds the separators: generic, avx2 or neon. "" is the
	// fastest that there is. It changes the speed, never the result.
	Kernel string
}

// Selector chooses a column: by its exact name in the header, or by Number from 1 where Name is empty.
type Selector struct {
	Name   string
	Number int
}

// String returns the name quoted, or the number.
func (s Selector) String() string {
	if s.Name == "" {
		return fmt.Sprint(s.Number)
	}
	return fmt.Sprintf("%q", s.Name)
}

// Defaults of the limits in Options.
const (
	DefaultMaxRecord  = 1 << 20
	DefaultMaxColumns = 4096

	DefaultMaxRecordLines = 1000
)

// maxMaxRecord keeps offsets in a buffer, which grows to twice the longest record, within 32 bits.
const maxMaxRecord = 1 << 30

// withDefaults returns o with its zero values replaced.
func (o Options) withDefaults() Options {
	o.Comma = o.Delimiter()
	setDefault(&o.MaxRecord, DefaultMaxRecord)
	setDefault(&o.MaxRecordLines, DefaultMaxRecordLines)
	setDefault(&o.MaxColumns, DefaultMaxColumns)
	setDefault(&o.BufferSize, DefaultBufferSize)
	return o
}

// Delimiter returns Comma, or the delimiter that its zero value means.
func (o Options) Delimiter() byte {
	if o.Comma == 0 {
		return ','
	}
	return o.Comma
}

func setDefault(option *int, value int) {
	if *option == 0 {
		*option = value
	}
}

func (o Options) kernel() (simd.Kernel, error) {
	if o.Kernel == "" {
		return simd.Best(), nil
	}
	return simd.ByName(o.Kernel)
}

// KernelName returns the name of the kernel that finds the separators, "" if there is none of the name in Kernel.
func (o Options) KernelName() string {
	k, err := o.kernel()
	if err != nil {
		return ""
	}
	return k.Name
}

// Validate returns an error that says which of the options makes no sense, if one does.
func (o Options) Validate() error {
	switch {
	case o.Comma == '"' || o.Comma == '\r' || o.Comma == '\n' || o.Comma >= 0x80:
		return fmt.Errorf("the delimiter may not be %q", o.Comma)
	case o.MaxRecord < 0 || o.MaxRecordLines < 0 || o.MaxColumns < 0 || o.BufferSize < 0:
		return fmt.Errorf("a limit may not be negative")
	case o.MaxRecord > maxMaxRecord:
		return fmt.Errorf("the limit of a record may not be more than %d bytes", maxMaxRecord)
	case len(o.Columns) == 0:
		return fmt.Errorf("no column is wanted")
	}
	if _, err := o.kernel(); err != nil {
		return err
	}
	for _, c := range o.Columns {
		if c.Name == "" && c.Number < 1 {
			return fmt.Errorf("columns are counted from 1, not %d", c.Number)
		}
		if c.Name != "" && o.NoHeader {
			return fmt.Errorf("column %q: without a header columns are chosen by number", c.Name)
		}
	}
	return nil
}
