package engine_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/pollution"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// A damaged file is refused, or counted exactly as two independent readers
// count it. If the damage changes the counts, then the report mentions it, or
// the damaged file is a valid one with other rows.
func TestPollution(t *testing.T) {
	var outcomes [4]int
	files := proof.Bound(250, 10_000)
	for i := range files {
		rng := rand.New(rand.NewPCG(uint64(i), 12))
		kind := pollution.Kinds[i%len(pollution.Kinds)]
		outcomes[polluteAndCount(t, rng, kind)]++
	}
	t.Logf("%d files: %d refused, %d counted as before the damage, %d otherwise with a note, %d otherwise", files,
		outcomes[refused], outcomes[unchanged], outcomes[mentioned], outcomes[valid])
	proof.Cases(t, "pollution", files)
}

// outcome is what became of a damaged file.
type outcome int

const (
	refused   outcome = iota
	unchanged         // counted as before the damage
	mentioned         // other counts, with a note in the closing line
	valid             // other counts, because the damaged file is a valid one
)

// polluteAndCount counts a random file, and again with damage of a kind.
func polluteAndCount(t *testing.T, rng *rand.Rand, kind pollution.Kind) outcome {
	t.Helper()
	for {
		f := pollution.New(rng)
		counts := f.Counts()
		clean := countPolluted(t, f, f.Bytes())
		if clean == nil || !maps.Equal(pairs(clean), counts) {
			t.Fatalf("%+v: got %v, want %v, for\n%q", f.Dialect, clean, counts, f.Bytes())
		}
		data := kind.Apply(rng, f)
		if data == nil { // this dialect excludes such damage
			continue
		}
		got := countPolluted(t, f, data)
		switch {
		case kind.Harmless && (got == nil || !maps.Equal(pairs(got), counts)):
			t.Errorf("%s, %+v: got %v, want %v for\n%q", kind.Name, f.Dialect, got, counts, data)
		case got == nil:
			return refused
		case maps.Equal(pairs(got), counts):
			return unchanged
		case kind.Undetectable == "":
			t.Errorf("%s, %+v: got %v, want an error for\n%q", kind.Name, f.Dialect, got, data)
		case mentionsMore(got.Parts[0], clean.Parts[0]):
			return mentioned
		}
		return valid
	}
}

// mentionsMore reports whether the closing line for the part a would mention
// something that it would not mention for b.
func mentionsMore(a, b engine.PartReport) bool {
	return a.Unterminated && !b.Unterminated || a.Stats.Multiline > b.Stats.Multiline || a.Stats.Ragged > b.Stats.Ragged
}

// countPolluted counts data, as a whole and in ranges, and compares the result
// with those of the oracles. It returns nil if the data is refused.
func countPolluted(t *testing.T, f *pollution.File, data []byte) *engine.Report {
	t.Helper()
	want := countByOracles(t, f, data)
	var report *engine.Report
	for i, cfg := range []engine.Config{{}, {Jobs: 3, RangeSize: int64(max(100, len(data)/16))}} {
		cfg.Dialect = parserDialect(f.Dialect)
		cfg.Patient, cfg.Event = selectors(f)
		r, err := engine.Run(t.Context(), []engine.Part{plain{memory{"file", data}}}, cfg)
		switch {
		case err == nil && want == nil:
			t.Fatalf("%+v: counted, but the oracles refuse\n%q", f.Dialect, data)
		case err == nil && !maps.Equal(pairs(r), want):
			t.Fatalf("%+v: got %v, want %v, for\n%q", f.Dialect, pairs(r), want, data)
		case err != nil && want != nil && !isStricter(err):
			t.Fatalf("%+v: %v, but the oracles have %v for\n%q", f.Dialect, err, want, data)
		case i > 0 && (err == nil) != (report != nil):
			t.Fatalf("%+v: in ranges: %v, for\n%q", f.Dialect, err, data)
		}
		report = r
	}
	return report
}

// isStricter reports whether err is for something that the engine refuses, but
// not the oracles, which read records alone.
func isStricter(err error) bool {
	return errors.Is(err, parser.ErrInvalidUTF8) || errors.Is(err, parser.ErrRepeatedHeader) || errors.Is(err, parser.ErrUnexpectedHeader)
}

// countByOracles counts data by two independent readers. It returns nil if they
// refuse it.
func countByOracles(t *testing.T, f *pollution.File, data []byte) map[[2]string]uint64 {
	t.Helper()
	columns, ok := columnsOf(f, data)
	if !ok {
		return nil
	}
	a := oracle.Read(data, f.Dialect, parser.DefaultMaxRecordLines, columns[:]...)
	b, err := oracle.Translated(data, f.Dialect, columns[:]...)
	if (a.Fault == nil) != (err == nil) || err == nil && !slices.EqualFunc(a.Rows, b.Rows, slices.Equal) {
		t.Fatalf("%+v: the oracles have %+v and %v for\n%q", f.Dialect, a.Fault, err, data)
	}
	if a.Fault != nil {
		return nil
	}
	counts := map[[2]string]uint64{}
	for _, row := range a.Rows {
		if max(columns[0], columns[1]) >= len(row) {
			return nil // the first record decides how many columns there are
		}
		counts[[2]string{row[columns[0]], row[columns[1]]}]++
	}
	return counts
}

// columnsOf returns the indexes of the key columns of data, and whether it has
// each of them once.
func columnsOf(f *pollution.File, data []byte) (columns [2]int, ok bool) {
	if f.Dialect.NoHeader || f.Dialect.Names != nil {
		return f.Columns, true
	}
	header := oracle.Read(data, f.Dialect, parser.DefaultMaxRecordLines).Header
	for i, name := range []string{pollution.Patient, pollution.Event} {
		columns[i] = slices.Index(header, name)
		if columns[i] < 0 || slices.Contains(header[columns[i]+1:], name) {
			return columns, false
		}
	}
	return columns, true
}

// selectors returns the key columns as the configuration names them.
func selectors(f *pollution.File) (patient, event parser.Selector) {
	if f.Dialect.NoHeader {
		return parser.Selector{Number: f.Columns[0] + 1}, parser.Selector{Number: f.Columns[1] + 1}
	}
	return parser.Selector{Name: pollution.Patient}, parser.Selector{Name: pollution.Event}
}

// parserDialect returns the dialect as the parser has it.
func parserDialect(d oracle.Dialect) parser.Dialect {
	return parser.Dialect{Delimiter: d.Delimiter, Quote: d.Quote, NoQuote: d.Quote == 0, Escape: d.Escape, Comment: d.Comment,
		SkipLines: d.SkipLines, SkipRows: d.SkipRows, SkipFooter: d.SkipFooter, Trim: d.Trim, Ragged: d.Ragged,
		NoHeader: d.NoHeader, Names: d.Names, SkipRepeatedHeaders: d.SkipRepeatedHeaders, SkipEmpty: d.SkipEmpty}
}
