package engine

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"fastcount/parser"
)

// Config configures a run. Its zero value counts the columns patient_id and
// event_type with one worker and the default limits.
type Config struct {
	// Jobs is how many workers count local parts; 0 means 1.
	Jobs int

	// Transfers is how many remote parts are read at once; 0 means 1.
	Transfers int

	// Patient and Event choose the columns to count by if By is empty. The zero
	// Selector means the columns patient_id and event_type, or number 1 and
	// number 3 of an input without column names. A fact is one of
	// PartInfo.Facts.
	Patient, Event parser.Selector

	// By, if not empty, holds up to MaxKeys key columns to count by instead.
	By []KeyColumn

	// Dialect describes how the bytes of the parts form records. If its
	// Delimiter is "", that of the part is used. A file is not split if its
	// SkipFooter is not 0.
	Dialect parser.Dialect

	// RecordLimits bounds each record.
	RecordLimits parser.Limits

	// BufferSize is the number of bytes read at a time. Zero means
	// parser.DefaultBufferSize. It does not affect the result.
	BufferSize int

	// AllowMismatch counts parts that differ from what their server declared.
	// Report.Incomplete lists them.
	AllowMismatch bool

	// IgnoreDeclared does not compare parts with what their server declared.
	IgnoreDeclared bool

	// AllowPartial lets a run succeed if parts of it failed and at least one
	// did not. Report.Incomplete lists those that failed.
	AllowPartial bool

	// MaxBadRows is the number of rows with a wrong number of fields, or
	// without a time where KeyColumn.Bucket requires one, in all parts
	// together, that may be left out before that is an error. Report.Incomplete
	// lists the parts with such rows. If MaxBadRows is not 0, files are not
	// split.
	MaxBadRows uint64

	// KeepBadRows adds the rows that were left out to Report.BadRows. They are
	// held in memory.
	KeepBadRows bool

	// EscapeIDs counts ids that are not valid UTF-8 instead of refusing them.
	// The report has \xNN for each of their invalid bytes and two backslashes
	// for each backslash of an id, so that distinct ids remain distinct.
	EscapeIDs bool

	// RawIDs leaves the ids of the report as they are in the input, even if
	// EscapeIDs is set. Such a report can be written as a partial result, but
	// not by a sink: merging partial results escapes ids.
	RawIDs bool

	// ShowData allows errors to contain ids that occurred and were not
	// declared, and the column names of an input.
	ShowData bool

	// Limits bound the memory of a run. The error for exceeding one matches
	// ErrLimit.
	Limits Limits

	// RangeSize is the number of bytes of each byte range of a large file; 0
	// means a suitable number. It does not affect the result.
	RangeSize int64

	// Load, if set, yields what was saved, before any part is read: reports,
	// each with the indexes of the parts that it covers, in the order of its
	// Parts. These parts are not read. Each report is complete, and no part is
	// in two of them.
	Load iter.Seq2[[]int, *Report]

	// Save, if set, saves the report of a part, which it may keep, before the
	// part counts as finished. An error fails the part. Ids are as they are in
	// the input, whatever EscapeIDs is. Save is called only for complete parts:
	// without left-out rows and without a mismatch. It is called by several
	// goroutines concurrently.
	Save func(part int, r *Report) error

	// Progress, if set, is updated during the run.
	Progress *Progress

	// Retrying, if set, is called after each failed attempt that is followed by
	// another: with the name of the part, the number of the attempt that
	// failed, from 1, its error, and the time until the next. It is called by
	// several goroutines concurrently.
	Retrying func(part string, attempt int, err error, wait time.Duration)

	// minFused is the least number of bytes with which the fused path begins; 0
	// means the default. Tests lower it.
	minFused int
}

// KeyColumn is a column to count by.
type KeyColumn struct {
	Name   string // in the report, such as "event_time:day"; unique, UTF-8, not empty
	Column parser.Selector

	// Bucket, if not "", is year, month, day or hour. The values of the column
	// must be ISO 8601 dates or times, and rows are counted by the prefix that
	// ends with that unit, such as 2026-01-31T10. The doc comment of package
	// internal/isotime describes all forms. Times are not converted to another
	// zone.
	Bucket string
}

// MaxKeys is the maximum length of Config.By.
const MaxKeys = 8

// Limits bound the memory of a run; 0 means the default.
type Limits struct {
	ID       int // bytes of a value of a key column, such as a patient id; default 4 KiB
	Patients int // distinct patient ids, unless Config.By is set; default 2^20
	Events   int // distinct event types, unless Config.By is set; default 4,096
	Values   int // distinct values of each column of Config.By; default 2^20
	Pairs    int // distinct groups, such as pairs of patient and event type; default 2^24

	// NamesSize is the number of bytes of all distinct values of the key
	// columns together; default 256 MiB. It bounds the counts of each attempt
	// and the sum of the run, so that all values in memory are at most Jobs +
	// Transfers + 1 times that, whatever the number of parts. What is counted
	// does not depend on the number of workers: the sum holds the values of
	// each attempt.
	NamesSize int
}

// minFused is the default of Config.minFused. With fewer bytes, filling the
// tables of the fused path takes longer than it saves.
const minFused = 8 << 10

// withDefaults returns c with its zero values replaced by defaults, or an error
// if a value is invalid.
func (c Config) withDefaults() (Config, error) {
	c.Jobs = max(c.Jobs, 1)
	c.Transfers = max(c.Transfers, 1)
	setDefault(&c.Limits.ID, 4<<10)
	setDefault(&c.Limits.Patients, 1<<20)
	setDefault(&c.Limits.Events, 4096)
	setDefault(&c.Limits.Values, 1<<20)
	setDefault(&c.Limits.Pairs, 1<<24)
	setDefault(&c.Limits.NamesSize, 256<<20)
	if l := c.Limits; min(l.ID, l.Patients, l.Events, l.Values, l.Pairs, l.NamesSize) < 0 || c.RangeSize < 0 {
		return c, errors.New("a limit may not be negative")
	}
	if l := c.Limits; int64(max(l.Patients, l.Events, l.Values, l.Pairs)) > math.MaxInt32 {
		return c, fmt.Errorf("a limit of patient ids, event types, values or groups may not exceed %d", math.MaxInt32)
	}
	if err := validBy(c.By); err != nil {
		return c, err
	}
	setDefault(&c.minFused, minFused)
	if c.Progress == nil {
		c.Progress = new(Progress)
	}
	return c, c.csv().Validate()
}

// Validate returns an error if c contains a value that is not valid.
func (c Config) Validate() error {
	_, err := c.withDefaults()
	return err
}

// ParserConfig returns the configuration of the parser with which [Run] reads
// part, except for rows that are left out.
func (c Config) ParserConfig(part Part) parser.Config {
	csv, info := c.csv(), part.Info()
	csv.Dialect.Delimiter = cmp.Or(csv.Dialect.Delimiter, info.Delimiter, ",")
	if info.Facts != nil && slices.ContainsFunc(csv.Columns, selectsFact) {
		csv.Facts = info.Facts()
	}
	return csv
}

// selectsFact reports whether s, or one of its alternatives, selects a fact.
func selectsFact(s parser.Selector) bool {
	return s.Fact != "" || s.Or != nil && selectsFact(*s.Or)
}

// csv returns the configuration of the parser for parts with the dialect of c.
func (c Config) csv() parser.Config {
	columns, buckets := c.columns()
	return parser.Config{
		Dialect: c.Dialect, Limits: c.RecordLimits, Columns: columns, Buckets: buckets, ShowNames: c.ShowData, BufferSize: c.BufferSize,
	}
}

// columns returns the selectors and the buckets of the key columns. buckets is
// nil if no column has one.
func (c Config) columns() (columns []parser.Selector, buckets []string) {
	if len(c.By) == 0 {
		return []parser.Selector{c.column(c.Patient, defaultPatient, 1), c.column(c.Event, defaultEvent, 3)}, nil
	}
	for i, key := range c.By {
		columns = append(columns, key.Column)
		if key.Bucket != "" && buckets == nil {
			buckets = make([]string, len(c.By))
		}
		if buckets != nil {
			buckets[i] = key.Bucket
		}
	}
	return columns, buckets
}

// validBy returns an error unless the key columns are valid, apart from their
// selectors and buckets, which the parser checks.
func validBy(by []KeyColumn) error {
	if len(by) > MaxKeys {
		return fmt.Errorf("%d key columns: there may be at most %d", len(by), MaxKeys)
	}
	seen := make(map[string]bool)
	for _, key := range by {
		switch {
		case key.Name == "":
			return errors.New("key column without a name")
		case !utf8.ValidString(key.Name):
			return fmt.Errorf("key column %q is not UTF-8: select it by its number", key.Name)
		case seen[key.Name]:
			return fmt.Errorf("key column %q is named twice", key.Name)
		}
		seen[key.Name] = true
	}
	return nil
}

// keyNames returns Report.By.
func (c Config) keyNames() (names []string) {
	for _, key := range c.By {
		names = append(names, key.Name)
	}
	return names
}

// declaredKeys returns the indexes of the key columns whose values a server
// declares, the patient ids and the event types, or -1 where there is none.
func (c Config) declaredKeys() (patient, event int) {
	if len(c.By) == 0 {
		return 0, 1
	}
	find := func(name string) int {
		return slices.IndexFunc(c.By, func(k KeyColumn) bool { return k.Column.Name == name && k.Bucket == "" })
	}
	return find(defaultPatient), find(defaultEvent)
}

// The names of the columns that are counted by default.
const (
	defaultPatient = "patient_id"
	defaultEvent   = "event_type"
)

var defaultNames = []string{defaultPatient, defaultEvent}

// column returns s, or if that is the zero Selector the default column.
func (c Config) column(s parser.Selector, name string, number int) parser.Selector {
	switch {
	case s != parser.Selector{}:
		return s
	case c.Dialect.NoHeader && c.Dialect.Names == nil:
		return parser.Selector{Number: number}
	default:
		return parser.Selector{Name: name}
	}
}

func setDefault(limit *int, value int) {
	if *limit == 0 {
		*limit = value
	}
}
