package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"fastcount/engine"
	"fastcount/internal/cli"
	"fastcount/parser"
)

// dialectOptions are the flags about how CSV is read.
type dialectOptions struct {
	delimiter  cli.Delimiter
	quote      cli.Char
	escape     cli.Char
	comment    string
	skipLines  cli.Number
	skipRows   cli.Number
	skipFooter cli.Number
	trim       bool
	ragged     bool
	noHeader   bool
	names      cli.Names
	repeated   cli.Choice
	empty      cli.Choice
	patient    cli.Column
	event      cli.Column
	by         cli.By
	utf8       cli.Choice
}

// dialectFlags describe how CSV is read.
func (o *dialectOptions) dialectFlags(f *pflag.FlagSet) {
	f.VarP(&o.delimiter, "delimiter", "d", "field separator (default: tab for .tsv and .tab, '|' for .psv, otherwise comma)")
	f.Var(&o.quote, "quote", "quote character, or none (default '\"')")
	f.Var(&o.escape, "escape", "character that makes the next one literal, in quotes or with --quote none")
	cli.AddText(f, &o.comment, "comment", "STR", "start of lines to leave out")
	f.Var(&o.skipLines, "skip-lines", "lines to leave out before the header")
	f.Var(&o.skipRows, "skip-rows", "rows to leave out after the header")
	f.Var(&o.skipFooter, "skip-footer", "rows to leave out at the end")
	f.BoolVar(&o.trim, "trim", false, "remove blanks around fields")
	f.BoolVar(&o.ragged, "ragged", false, "allow rows with fewer or more fields that have the key columns")
	f.Var(&o.patient, "patient-column", "patient id column: name, number from 1, @name, @dir or @path; repeatable (default patient_id; 1 with --no-header)")
	f.Var(&o.event, "event-column", "event type column: name, number from 1, @name, @dir or @path; repeatable (default event_type; 3 with --no-header)")
	f.Var(&o.by, "by", "1 to 8 columns to count by instead; COLUMN:day, also :year, :month and :hour, cuts a time")
	f.BoolVarP(&o.noHeader, "no-header", "n", false, "treat the first record as data; choose columns by number")
	f.Var(&o.names, "columns", "column names of sources without a header, separated by commas")
	o.repeated = cli.NewChoice("refuse", "refuse", "skip")
	f.Var(&o.repeated, "repeated-headers", "how to treat rows that repeat the header")
	o.empty = cli.NewChoice("refuse", "refuse", "skip")
	f.Var(&o.empty, "empty", "how to treat sources of 0 bytes")
	o.utf8 = cli.NewChoice("refuse", "refuse", "escape")
	f.Var(&o.utf8, "invalid-utf8", "how to treat ids that are not UTF-8; escape writes \\xNN")
}

// dialect returns the dialect that the flags describe.
func (o *dialectOptions) dialect() parser.Dialect {
	return parser.Dialect{
		Delimiter: string(o.delimiter), Quote: o.quote.Byte, NoQuote: o.quote.None, Escape: o.escape.Byte, Comment: o.comment,
		SkipLines: int(o.skipLines), SkipRows: int(o.skipRows), SkipFooter: int(o.skipFooter), Trim: o.trim, Ragged: o.ragged,
		NoHeader: o.noHeader, Names: o.names, SkipRepeatedHeaders: o.repeated.Word == "skip", SkipEmpty: o.empty.Word == "skip",
	}
}

// setDialect sets the dialect and the columns of a configuration.
func (o *dialectOptions) setDialect(cfg *engine.Config) error {
	none := parser.Selector{}
	if o.by.Keys() != nil && (o.patient.Selector() != none || o.event.Selector() != none) {
		return cli.Usage(cli.Hint(errors.New("--by: --patient-column and --event-column choose the columns too"), "name all key columns with --by"))
	}
	if o.noHeader && o.names == nil && (o.patient.Named() || o.event.Named() || o.by.Named()) {
		return cli.Usage(cli.Hint(errors.New("--no-header: columns have no names"), "name them with --columns, or choose columns by number"))
	}
	cfg.Dialect = o.dialect()
	cfg.By = o.by.Keys()
	cfg.Patient, cfg.Event = o.patient.Selector(), o.event.Selector()
	cfg.EscapeIDs = o.utf8.Word == "escape"
	return nil
}

// tryHint returns the hint for an input that a dialect with these rules might
// read.
func tryHint(d parser.Dialect) string {
	var hints []string
	add := func(applies bool, format string, args ...any) {
		if applies {
			hints = append(hints, fmt.Sprintf(format, args...))
		}
	}
	add(d.SkipLines > 0, "leave out the first lines with --skip-lines %d", d.SkipLines)
	add(d.Delimiter != "", "set the field separator with --delimiter %s", shellDelimiter(d.Delimiter))
	add(d.NoQuote, "if quotes are data, use --quote none; otherwise see 'fastcount help csv'")
	add(d.Escape != 0, "if it escapes quotes, use --escape '%c'", d.Escape)
	add(d.Trim, "remove blanks around fields with --trim")
	add(d.Ragged, "if rows may end in a separator, use --ragged")
	add(d.NoHeader, "if the first record is data, use --no-header, or name its columns with --columns; otherwise choose the columns with --patient-column and --event-column, or with --by")
	add(d.SkipEmpty, "leave out sources of 0 bytes with --empty skip")
	return strings.Join(hints, ", and ")
}

// shellDelimiter returns a delimiter as --delimiter accepts it in a shell.
func shellDelimiter(d string) string {
	if d == "\t" {
		return "tab"
	}
	return "'" + d + "'"
}
