// Package pollution generates exports in random dialects, and damages them in
// the ways in which real files are damaged: stray quotes, missing delimiters,
// wrong line ends, titles before the header, truncation, and so on. The idea is
// that of Pollock, a benchmark for loading data (Vitagliano et al., Proceedings
// of the VLDB Endowment 16, 2023); the files and the kinds of damage are our
// own.
package pollution

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"

	"fastcount/internal/testing/oracle"
)

// Names of the key columns.
const (
	Patient = "patient_id"
	Event   = "event_type"
)

// A File is an export, kept as a list of pieces so that it can be damaged.
type File struct {
	Dialect oracle.Dialect
	Columns [2]int // indexes of the patient and of the event type
	width   int    // number of columns
	end     string // of each line
	pieces  []piece
}

// A piece is a record, a comment, or a line before the header.
type piece struct {
	kind   kind
	fields []string // as written, with quotes and escapes
	values []string // their values, if kind is row
	end    string   // the line end
}

type kind uint8

const (
	preamble kind = iota // a line before the header
	header
	skipped // a record after the header that is left out
	row
	note     // a comment
	repeated // the header again
	footer
)

// Bytes returns the content of the file.
func (f *File) Bytes() []byte {
	var b bytes.Buffer
	for _, p := range f.pieces {
		b.WriteString(strings.Join(p.fields, f.Dialect.Delimiter))
		b.WriteString(p.end)
	}
	return b.Bytes()
}

// Counts returns how often each pair of a patient and an event type occurs in
// the rows of the file. It has no meaning for a file that was damaged.
func (f *File) Counts() map[[2]string]uint64 {
	counts := map[[2]string]uint64{}
	for _, p := range f.pieces {
		if p.kind == row {
			counts[[2]string{p.values[f.Columns[0]], p.values[f.Columns[1]]}]++
		}
	}
	return counts
}

// New returns a file with 5 to 60 rows, or sometimes with up to 6,000, which is
// enough for the fused path.
func New(rng *rand.Rand) *File {
	f := &File{Dialect: dialect(rng), width: 3 + rng.IntN(4), end: choose(rng, "\n", "\n", "\r\n")}
	order := rng.Perm(f.width)
	f.Columns = [2]int{order[0], order[1]}
	names := make([]string, f.width)
	for i, column := range order {
		names[column] = []string{Patient, Event, "value", "note", "site", "visit"}[i]
	}
	d := &f.Dialect
	if d.Names != nil {
		d.Names = names
	}
	f.addLines(rng)
	if !d.NoHeader && (d.Names == nil || rng.IntN(2) == 0) {
		f.add(header, f.encode(rng, names), nil)
	}
	for range d.SkipRows {
		f.add(skipped, slices.Repeat([]string{"----"}, 1+rng.IntN(f.width)), nil)
	}
	rows := 5 + rng.IntN(56)
	if rng.IntN(40) == 0 {
		rows *= 50 + rng.IntN(50)
	}
	for range rows {
		values := f.values(rng)
		f.add(row, f.encode(rng, values), values)
		switch {
		case d.Comment != "" && rng.IntN(8) == 0:
			f.add(note, []string{d.Comment + ` checked, "ok"`}, nil)
		case d.SkipRepeatedHeaders && rng.IntN(10) == 0:
			f.add(repeated, f.encode(rng, names), nil)
		}
	}
	for range d.SkipFooter {
		f.add(footer, []string{"TOTAL", "60"}, nil)
	}
	return f
}

func (f *File) add(k kind, fields, values []string) {
	f.pieces = append(f.pieces, piece{k, fields, values, f.end})
}

// addLines adds the lines before the header.
func (f *File) addLines(rng *rand.Rand) {
	for range f.Dialect.SkipLines {
		f.add(preamble, []string{choose(rng, "sep=;", "Report of 3 May", "", `"unclosed`, "a,b,c,d")}, nil)
	}
}

// choose returns one of list.
func choose[T any](rng *rand.Rand, list ...T) T { return list[rng.IntN(len(list))] }

// dialect returns a random dialect. If its records have names of their own, the
// caller sets them.
func dialect(rng *rand.Rand) (d oracle.Dialect) {
	one := func(n int) bool { return rng.IntN(n) == 0 }
	d.Delimiter = choose(rng, ",", ",", ";", "\t", "|", "\x01", "||", "::", " | ", "\t|\t")
	if !one(4) {
		d.Quote = choose(rng, '"', '"', '"', byte('\''))
	}
	if one(4) {
		d.Escape = choose(rng, '\\', '\\', byte('^'))
	}
	if one(4) {
		d.Comment = choose(rng, "#", "#", "//")
	}
	d.Trim, d.Ragged = one(5), one(6)
	switch {
	case one(6):
		d.NoHeader = true
	case one(6):
		d.Names = []string{}
	}
	d.SkipRepeatedHeaders = !d.NoHeader && one(5)
	if one(4) {
		d.SkipLines = 1 + rng.IntN(3)
	}
	if one(6) {
		d.SkipRows = 1 + rng.IntN(2)
	}
	if one(6) {
		d.SkipFooter = 1 + rng.IntN(2)
	}
	return d
}

// values returns the values of a row.
func (f *File) values(rng *rand.Rand) []string {
	values := make([]string, f.width)
	for i := range values {
		values[i] = f.value(rng, "", "1", "12.5", "3,5", "a;b", "x|y", `5" tube`, "it's", "two words", "line\nbreak", `C:\dir`, "#1", "é", "tab\there")
	}
	values[f.Columns[0]] = f.value(rng, "P1", "P1", "P2", "P2", "P3", "P-004", "007", `O"Neil`, "Müller, A", "")
	values[f.Columns[1]] = f.value(rng, "hr", "hr", "bp", "bp", "spo2", "blood pressure", "a,b", "a|b", "x\ny")
	return values
}

// value returns one of list that can be written.
func (f *File) value(rng *rand.Rand, list ...string) string {
	for {
		v := choose(rng, list...)
		if d := f.Dialect; d.Quote != 0 || d.Escape != 0 || !f.isSpecial(v) {
			return v
		}
	}
}

// isSpecial reports whether v must be quoted or escaped.
func (f *File) isSpecial(v string) bool {
	d := f.Dialect
	return strings.ContainsAny(v, string([]byte{'\r', '\n', d.Quote, d.Escape})+d.Delimiter) || d.Comment != "" && strings.HasPrefix(v, d.Comment) ||
		d.Trim && strings.Trim(v, " \t") != v
}

// encode returns fields for values.
func (f *File) encode(rng *rand.Rand, values []string) []string {
	fields := make([]string, len(values))
	for i, v := range values {
		switch special := f.isSpecial(v); {
		case f.Dialect.Quote != 0 && (special || rng.IntN(6) == 0):
			fields[i] = f.quoted(rng, v)
		case special:
			fields[i] = f.escaped(v)
		default:
			fields[i] = v
		}
		if f.Dialect.Trim {
			fields[i] = choose(rng, "", "", " ", "  ") + fields[i] + choose(rng, "", "", " ", "   ")
		}
	}
	return fields
}

// quoted returns v within quotes.
func (f *File) quoted(rng *rand.Rand, v string) string {
	q := string([]byte{f.Dialect.Quote})
	body := v
	if f.Dialect.Escape == 0 {
		return q + strings.ReplaceAll(body, q, q+q) + q
	}
	e := string([]byte{f.Dialect.Escape})
	body = strings.ReplaceAll(body, e, e+e)
	return q + strings.ReplaceAll(body, q, choose(rng, e, q)+q) + q
}

// escaped returns v with an escape before each byte that has a meaning.
func (f *File) escaped(v string) string {
	var b strings.Builder
	for i := range len(v) {
		c := v[i : i+1]
		if f.isSpecial(c) || i == 0 && f.isSpecial(v) {
			b.WriteByte(f.Dialect.Escape)
		}
		b.WriteString(c)
	}
	return b.String()
}
