package parser

import (
	"errors"
	"fmt"
)

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

	// Buckets, if not nil, has an element for each of Columns. If that is year,
	// month, day or hour, the fields of the column must be ISO 8601 dates or
	// times (see package internal/isotime), and of each only the prefix that
	// ends with that unit is returned. If it is "", whole fields are returned.
	Buckets []string

	// Facts are what is known of the input as a whole, such as the name of its
	// file. A Selector can select one of them instead of a column.
	Facts map[string]string

	// ShowNames adds all fields of the first record to the error for a missing
	// column. In an input without a header they are data.
	ShowNames bool

	// Reject, if not nil, is called for each record with a wrong number of
	// fields, or with a field that is not a time where Buckets requires one,
	// and the record is left out. Its arguments are the error that Next would
	// otherwise return, but with the position of the record, and the bytes of
	// the record without its line end, which are valid only during the call. If
	// Reject returns an error, Next returns that error as a *SyntaxError and no
	// further records.
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
	if n := len(c.Dialect.Names); n > c.withDefaults().Limits.MaxColumns {
		return fmt.Errorf("%d column names: the limit of columns is %d", n, c.Limits.MaxColumns)
	}
	for _, s := range c.Columns {
		if err := s.validate(c.Dialect); err != nil {
			return err
		}
	}
	_, err := c.units()
	return err
}

// withDefaults returns c with its zero values replaced.
func (c Config) withDefaults() Config {
	c.Dialect = c.Dialect.withDefaults()
	setDefault(&c.Limits.MaxRecord, DefaultMaxRecord)
	setDefault(&c.Limits.MaxRecordLines, DefaultMaxRecordLines)
	setDefault(&c.Limits.MaxColumns, DefaultMaxColumns)
	setDefault(&c.BufferSize, DefaultBufferSize)
	return c
}

func setDefault(p *int, value int) {
	if *p == 0 {
		*p = value
	}
}
