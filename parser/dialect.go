package parser

import (
	"errors"
	"fmt"
	"strings"
)

// A Dialect describes how the bytes of an input form records. The zero value
// describes comma-separated values with a header, as RFC 4180 does.
//
// The comment of each field names what others call it: RFC 4180, Go's
// encoding/csv, Python's csv, DuckDB's read_csv, PostgreSQL's COPY and MySQL's
// LOAD DATA. Where one of them is missing, it has no equivalent.
type Dialect struct {
	// Delimiter separates the fields of a record. It has 1 to 8 bytes, none of
	// which is a CR, an LF, the quote or the escape. It matches at the leftmost
	// place, and matches do not overlap. "" means a comma.
	//
	// RFC 4180: COMMA. encoding/csv: Comma. Python: delimiter. DuckDB: delim or
	// sep. PostgreSQL: DELIMITER. MySQL: FIELDS TERMINATED BY.
	Delimiter string

	// Quote encloses fields that contain delimiters or line ends. Within
	// quotes, two quotes represent one. Zero means '"'.
	//
	// RFC 4180: DQUOTE. encoding/csv: always '"'. Python: quotechar. DuckDB:
	// quote. PostgreSQL: QUOTE. MySQL: FIELDS ENCLOSED BY.
	Quote byte

	// NoQuote means that fields are never quoted: quotes are data.
	//
	// Python: QUOTE_NONE. DuckDB: quote = ''. PostgreSQL: FORMAT text. MySQL:
	// FIELDS ENCLOSED BY ''.
	NoQuote bool

	// Escape makes the next byte literal: within quotes, or anywhere if NoQuote
	// is set. It is removed from the value, but a field that is exactly \N
	// stays as it is. No escape sequence is translated: \n means n. Zero
	// means that there is no escape.
	//
	// Python: escapechar. DuckDB: escape. PostgreSQL: ESCAPE, in FORMAT text
	// always a backslash. MySQL: FIELDS ESCAPED BY.
	Escape byte

	// Comment begins a line that is left out, where a record would begin.
	// Quotes and escapes in a comment have no meaning. It has at most 8 bytes;
	// "" means that there are no comments.
	//
	// encoding/csv: Comment. DuckDB: comment.
	Comment string

	// SkipLines is the number of lines, ended by LF, before the header.
	//
	// DuckDB: skip. MySQL: IGNORE n LINES.
	SkipLines int

	// SkipRows is the number of records after the header that are left out.
	// They may have any number of fields.
	//
	// encoding/csv and Python: additional reads.
	SkipRows int

	// SkipFooter is the number of records at the end of the input that are left
	// out; at most MaxSkipFooter. They may have any number of fields.
	SkipFooter int

	// Trim removes spaces and tabs around fields, outside quotes and escapes,
	// also in the header. It does not remove a delimiter.
	//
	// encoding/csv: TrimLeadingSpace. Python: skipinitialspace. Both remove
	// only what precedes a field.
	Trim bool

	// Ragged allows records with fewer or more fields than the header, provided
	// that they have the selected columns.
	//
	// encoding/csv: FieldsPerRecord = -1. Python: always. DuckDB: null_padding,
	// and strict_mode = false. MySQL: the IGNORE modifier.
	Ragged bool

	// NoHeader means that the first record is data. Columns are then selected
	// by number, unless there are Names.
	//
	// RFC 4180: header=absent. encoding/csv: always. Python: csv.reader.
	// DuckDB: header = false. PostgreSQL: HEADER false. MySQL: no IGNORE 1
	// LINES.
	NoHeader bool

	// Names are the names of the columns of an input without a header, whether
	// or not NoHeader is set. If the first record equals them, it is a header
	// nevertheless.
	//
	// Python: DictReader's fieldnames. DuckDB: names. PostgreSQL and MySQL: the
	// list of columns.
	Names []string

	// SkipRepeatedHeaders leaves out records that repeat the header, which are
	// errors otherwise: those that equal it, and those in which all columns
	// that are selected by field, at least two, hold their names, in any case
	// and with any blanks around them.
	SkipRepeatedHeaders bool

	// SkipEmpty makes an input of 0 bytes one without records. Otherwise it is
	// an error.
	SkipEmpty bool
}

// MaxSkipFooter is the maximum of Dialect.SkipFooter. A Reader keeps that
// number of records in memory.
const MaxSkipFooter = 100

// maxMarker is the maximum length in bytes of a delimiter or comment.
const maxMarker = 8

// Validate returns an error if d does not describe a dialect that can be read,
// or if two of its fields contradict each other.
func (d Dialect) Validate() error {
	f := d.withDefaults()
	switch {
	case len(f.Delimiter) > maxMarker:
		return fmt.Errorf("delimiter %q: longer than %d bytes", f.Delimiter, maxMarker)
	case strings.ContainsAny(f.Delimiter, "\r\n"):
		return fmt.Errorf("delimiter %q: contains a line end", f.Delimiter)
	case d.NoQuote && d.Quote != 0:
		return fmt.Errorf("quote %q: set, although there are no quotes", d.Quote)
	case d.SkipLines < 0 || d.SkipRows < 0 || d.SkipFooter < 0:
		return errors.New("negative number of lines or records to skip")
	case d.SkipFooter > MaxSkipFooter:
		return fmt.Errorf("%d records to skip at the end: the maximum is %d", d.SkipFooter, MaxSkipFooter)
	case d.Names != nil && len(d.Names) == 0:
		return errors.New("no column names, although there is a list of them")
	case d.SkipRepeatedHeaders && !d.hasNames():
		return errors.New("repeated headers to skip in an input without column names")
	}
	if err := f.checkByte("quote", f.Quote); err != nil {
		return err
	}
	if err := f.checkByte("escape", f.Escape); err != nil {
		return err
	}
	if f.Escape != 0 && f.Escape == f.Quote {
		return fmt.Errorf("escape %q: the same as the quote; doubled quotes need no escape", f.Escape)
	}
	return f.checkComment()
}

// withDefaults returns d with its zero values replaced, except those that mean
// that something does not exist.
func (d Dialect) withDefaults() Dialect {
	if d.Delimiter == "" {
		d.Delimiter = ","
	}
	if d.Quote == 0 && !d.NoQuote {
		d.Quote = '"'
	}
	return d
}

// checkByte returns an error unless c is zero or can be a quote or an escape.
func (d Dialect) checkByte(what string, c byte) error {
	switch {
	case c == 0:
		return nil
	case c >= 0x80:
		return fmt.Errorf("%s %q: not an ASCII character", what, c)
	case strings.IndexByte(" \t\r\n", c) >= 0 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z':
		return fmt.Errorf("%s %q: a letter, a digit or a blank", what, c)
	case strings.IndexByte(d.Delimiter, c) >= 0:
		return fmt.Errorf("%s %q: part of the delimiter", what, c)
	}
	return nil
}

func (d Dialect) checkComment() error {
	c := d.Comment
	switch {
	case c == "":
		return nil
	case len(c) > maxMarker:
		return fmt.Errorf("comment %q: longer than %d bytes", c, maxMarker)
	case strings.ContainsAny(c, "\r\n"):
		return fmt.Errorf("comment %q: contains a line end", c)
	case c[0] == d.Quote || c[0] == d.Escape:
		return fmt.Errorf("comment %q: begins with the quote or the escape", c)
	case strings.HasPrefix(c, d.Delimiter) || strings.HasPrefix(d.Delimiter, c):
		return fmt.Errorf("comment %q: begins as the delimiter does", c)
	case strings.HasPrefix(c, byteOrderMark):
		return fmt.Errorf("comment %q: begins with a byte order mark", c)
	case d.Trim && (c[0] == ' ' || c[0] == '\t'):
		return fmt.Errorf("comment %q: begins with a blank, which is to be removed", c)
	}
	return nil
}

// hasNames reports whether the columns have names.
func (d Dialect) hasNames() bool { return !d.NoHeader || d.Names != nil }
