package parser

import (
	"errors"
	"fmt"
)

// A Dialect describes how the bytes of an input form records. The zero value
// describes comma-separated values with a header.
type Dialect struct {
	// Delimiter separates the fields of a record. Zero means ','. A quote, CR,
	// LF and bytes that are not ASCII are not valid delimiters.
	Delimiter byte

	// NoHeader means that the first record is data. Columns are then selected
	// by number.
	NoHeader bool
}

// Validate returns an error if d does not describe a dialect that can be read.
func (d Dialect) Validate() error {
	if c := d.Delimiter; c == '"' || c == '\r' || c == '\n' || c >= 0x80 {
		return fmt.Errorf("delimiter %q: not allowed", c)
	}
	return nil
}

// Limits bounds the records of an input. Zero means the default.
type Limits struct {
	MaxRecord      int // bytes of a record without its line feed; at most 1 GiB
	MaxRecordLines int // lines of a record: its line feeds inside quotes, plus one
	MaxColumns     int // fields of the first record
}

// Defaults of the fields of [Limits].
const (
	DefaultMaxRecord      = 1 << 20
	DefaultMaxRecordLines = 1000
	DefaultMaxColumns     = 4096
)

// maxMaxRecord keeps offsets in a buffer, which grows to twice the longest
// record, within 32 bits.
const maxMaxRecord = 1 << 30

// Validate returns an error if a limit is negative or too large.
func (l Limits) Validate() error {
	switch {
	case l.MaxRecord < 0 || l.MaxRecordLines < 0 || l.MaxColumns < 0:
		return errors.New("negative limit")
	case l.MaxRecord > maxMaxRecord:
		return fmt.Errorf("record limit %d: greater than the maximum of %d bytes", l.MaxRecord, maxMaxRecord)
	}
	return nil
}

// A Config configures a [Reader]. The zero value reads records in the default
// dialect with the default limits, and counts them without returning any field.
type Config struct {
	Dialect Dialect
	Limits  Limits

	// Columns selects the columns whose fields are returned, in the order of
	// [Block.Columns].
	Columns []Selector

	// ShowNames adds all fields of the first record to the error for a missing
	// column. In an input without a header they are data.
	ShowNames bool

	// Reject, if not nil, is called for each record with a wrong number of
	// fields, and the record is left out. Its arguments are the error that Next
	// would otherwise return, and the bytes of the record without its line end,
	// which are valid only during the call. If Reject returns an error, Next
	// returns that error as a *SyntaxError and no further records.
	//
	// Other errors cannot be skipped: after a misplaced quote the beginnings of
	// the following records are not certain.
	Reject func(err *SyntaxError, record []byte) error

	// BufferSize is the number of bytes read at a time. Zero means
	// DefaultBufferSize. It does not affect the result.
	BufferSize int
}

// Validate returns an error if c contains a value that is not valid.
func (c Config) Validate() error {
	if err := c.Dialect.Validate(); err != nil {
		return err
	}
	if err := c.Limits.Validate(); err != nil {
		return err
	}
	if c.BufferSize < 0 {
		return errors.New("negative buffer size")
	}
	for _, s := range c.Columns {
		if s.Name == "" && s.Number < 1 {
			return fmt.Errorf("column number %d: columns are numbered from 1", s.Number)
		}
		if s.Name != "" && c.Dialect.NoHeader {
			return fmt.Errorf("column %q: an input without a header has no column names", s.Name)
		}
	}
	return nil
}

// withDefaults returns c with its zero values replaced.
func (c Config) withDefaults() Config {
	setDefault(&c.Dialect.Delimiter, ',')
	setDefault(&c.Limits.MaxRecord, DefaultMaxRecord)
	setDefault(&c.Limits.MaxRecordLines, DefaultMaxRecordLines)
	setDefault(&c.Limits.MaxColumns, DefaultMaxColumns)
	setDefault(&c.BufferSize, DefaultBufferSize)
	return c
}

func setDefault[T byte | int](p *T, value T) {
	if *p == 0 {
		*p = value
	}
}

// A Selector selects a column by its exact name in the header, or by its number
// if Name is empty.
type Selector struct {
	Name   string
	Number int // from 1
}

// String returns the quoted name, or the number.
func (s Selector) String() string {
	if s.Name == "" {
		return fmt.Sprint(s.Number)
	}
	return fmt.Sprintf("%q", s.Name)
}
