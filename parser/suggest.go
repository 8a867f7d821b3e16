package parser

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fastcount/internal/nearest"
)

// This file finds out which other dialect may read an input that cannot be
// read. It runs only after an error.

// suggestion is an error with the rules that another dialect would need.
type suggestion struct {
	error
	try Dialect
}

func (s *suggestion) Unwrap() error { return s.error }

// suggest returns err with the rules of a dialect that might read the input.
func suggest(err error, try Dialect) error { return &suggestion{err, try} }

// trySuggested returns the suggestion in err, or nil, and err without it.
func trySuggested(err error) (*Dialect, error) {
	if s, ok := err.(*suggestion); ok {
		return &s.try, s.error
	}
	return nil, err
}

// bareQuote returns the error for a quote at data[at] in an unquoted field that
// begins at data[start].
func bareQuote(data []byte, start, at int) error {
	before := data[start:at]
	switch {
	case len(bytes.Trim(before, " \t")) == 0: // otherwise the field would be quoted
		return suggest(fmt.Errorf("%w; only blanks precede it", ErrBareQuote), Dialect{Trim: true})
	case string(before) == "=":
		return suggest(fmt.Errorf("%w; = precedes it, as spreadsheets write text", ErrBareQuote), Dialect{NoQuote: true})
	}
	return suggest(ErrBareQuote, Dialect{NoQuote: true})
}

// misplacedQuote returns the error for a quote that neither ends f, which ends
// there, nor is doubled. Another byte follows it.
func (p *recordParser) misplacedQuote(data []byte, f field) error {
	switch {
	case f.end > f.start && data[f.end-1] == '\\' && p.dialect.Escape == 0:
		return suggest(fmt.Errorf("%w; a backslash precedes it", ErrQuote), Dialect{Escape: '\\'})
	case isBlank(data[f.end+1]) && !p.dialect.Trim:
		return suggest(fmt.Errorf("%w; a blank follows it", ErrQuote), Dialect{Trim: true})
	}
	return suggest(ErrQuote, Dialect{NoQuote: true})
}

// fieldCount returns the error for the record parsed last, which has a wrong
// number of fields.
func (r *Reader) fieldCount(data []byte, next int) error {
	p, h := &r.records, r.header
	switch {
	case r.cfg.Dialect.Ragged:
		return fmt.Errorf("%w: got %d, want at least %d", ErrFieldCount, p.count, h.needed)
	case p.count == h.width+1 && bytes.HasSuffix(bytes.TrimRight(data[:next], "\r\n"), p.delimiter):
		return suggest(fmt.Errorf("%w: got %d, want %d; the last one is empty", ErrFieldCount, p.count, h.width), Dialect{Ragged: true})
	}
	return fmt.Errorf("%w: got %d, want %d", ErrFieldCount, p.count, h.width)
}

// alternatives returns s and its alternatives.
func (s *Selector) alternatives() (list []*Selector) {
	for ; s != nil; s = s.Or {
		list = append(list, s)
	}
	return list
}

// looksLikeData reports whether the first record looks like data: one of its
// fields, which are names, is a number or a time, and none is the name of a
// selected column up to letter case and surrounding spaces.
func looksLikeData(names [][]byte, wanted []Selector) bool {
	for _, name := range names {
		name = bytes.TrimSpace(name)
		same := func(s *Selector) bool { return s.Name != "" && bytes.EqualFold(name, []byte(s.Name)) }
		for i := range wanted {
			if slices.ContainsFunc(wanted[i].alternatives(), same) {
				return false
			}
		}
	}
	return slices.ContainsFunc(names, func(name []byte) bool {
		return bytes.ContainsAny(name, "0123456789") && len(bytes.Trim(name, "0123456789.,:+-/TZ ")) == 0
	})
}

// The first record may be data, which an error must not contain. A field that
// differs from the selected name in two letters is therefore suggested only if
// both have at least minSuggested bytes, and both or neither contain digits.
const (
	minSuggested = 6
	digits       = "0123456789"
)

// didYouMean returns the end of the error for a missing column: a column name
// that differs from the name of s in case, surrounding spaces or two letters.
// It returns "" without such a column.
func (s Selector) didYouMean(names [][]byte) string {
	var similar []string
	for _, name := range names {
		trimmed := string(bytes.TrimSpace(bytes.TrimPrefix(name, []byte("\ufeff"))))
		if strings.EqualFold(trimmed, s.Name) {
			return fmt.Sprintf("; did you mean %q?", name)
		}
		similar = append(similar, trimmed)
	}
	near := nearest.Word(s.Name, similar)
	if min(len(s.Name), len(near)) >= minSuggested && !strings.ContainsAny(near, commonDelimiters) && strings.ContainsAny(near, digits) == strings.ContainsAny(s.Name, digits) {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// commonDelimiters are the delimiters that are suggested.
const commonDelimiters = ",;\t|"

// otherDelimiter returns the delimiter with which the header has a column of
// the name of s, or "".
func (s Selector) otherDelimiter(names [][]byte) string {
	for _, delimiter := range commonDelimiters {
		for _, name := range names {
			fields := strings.Split(string(name), string(delimiter))
			same := func(field string) bool { return strings.EqualFold(strings.Trim(field, " \""), s.Name) }
			if s.Name != "" && len(fields) > 1 && slices.ContainsFunc(fields, same) {
				return string(delimiter)
			}
		}
	}
	return ""
}

// separatorLine returns the delimiter that a first record such as "sep=;"
// declares, and whether it is one.
func separatorLine(names [][]byte, delimiter string) (declared string, ok bool) {
	const mark = "sep="
	if len(names[0]) < len(mark) || !strings.EqualFold(string(names[0][:len(mark)]), mark) {
		return "", false
	}
	rest := string(names[0][len(mark):])
	switch {
	case len(names) == 1 && len(rest) == 1 && strings.Contains(commonDelimiters, rest):
		return rest, true
	case len(names) == 2 && rest == "" && len(names[1]) == 0:
		return delimiter, true
	}
	return "", false
}

// explainMissing returns the error for a header without a selected column, with
// what the lines that follow it in the buffer show.
func (r *Reader) explainMissing(err error, names [][]byte) error {
	if !errors.Is(err, ErrMissingColumn) {
		return err
	}
	delimiter := r.cfg.Dialect.Delimiter
	if declared, ok := separatorLine(names, delimiter); ok {
		try := Dialect{SkipLines: int(r.lines) + 1}
		if declared != delimiter {
			try.Delimiter = declared
		}
		return suggest(fmt.Errorf("%w; the first record is a %q line", err, "sep="), try)
	}
	for _, s := range r.cfg.Columns {
		if other := s.otherDelimiter(names); other != "" {
			return separated(err, other)
		}
	}
	if r.foundTrimmed(names) {
		return suggest(err, Dialect{Trim: true})
	}
	if line := r.laterHeader(); line > 0 {
		return suggest(err, Dialect{SkipLines: int(line) - 1})
	}
	if errors.Is(err, ErrNotHeader) {
		return suggest(err, Dialect{NoHeader: true})
	}
	// The text of an error does not depend on what else is in the buffer.
	if other := frequentDelimiter(names, delimiter); other != "" {
		return suggest(err, Dialect{Delimiter: other})
	}
	return err
}

// frequentDelimiter returns the delimiter that occurs most often in the fields
// of a header, if it is more frequent than the one that separates them, and ""
// otherwise.
func frequentDelimiter(names [][]byte, delimiter string) (most string) {
	count := len(names) - 1
	for _, other := range commonDelimiters {
		n := bytes.Count(bytes.Join(names, nil), []byte(string(other)))
		if n > count && string(other) != delimiter {
			most, count = string(other), n
		}
	}
	return most
}

// separated returns err with a delimiter that the header seems to have.
func separated(err error, delimiter string) error {
	return suggest(fmt.Errorf("%w; the header seems to be separated by %q", err, delimiter[0]), Dialect{Delimiter: delimiter})
}

// explainNarrow returns the error for a first record of an input without a
// header that does not have a selected column. The next line may have it.
func (r *Reader) explainNarrow(err error) error {
	data := r.buf[r.pos:r.end]
	at := nextLine(data, 0)
	if !errors.Is(err, ErrMissingColumn) || at < 0 || r.cfg.Dialect.SkipRows > 0 {
		return err
	}
	if _, parseErr := r.records.parse(data, at); parseErr != nil {
		return err
	}
	if _, headerErr := newHeader(make([][]byte, r.records.count), &r.cfg); headerErr != nil {
		return err
	}
	return suggest(err, Dialect{SkipLines: int(r.lines) + 1})
}

// foundTrimmed reports whether all selected columns are found if the blanks
// around the names are removed.
func (r *Reader) foundTrimmed(names [][]byte) bool {
	trimmed := make([][]byte, len(names))
	for i, name := range names {
		trimmed[i] = bytes.Trim(name, " \t")
	}
	_, err := newHeader(trimmed, &r.cfg)
	return err == nil
}

// Limits of the search for a header.
const (
	headerLines = 100
	headerBytes = 64 << 10
)

// laterHeader returns the line in the buffer, from 1, that holds the names of
// all columns that are selected by name, or 0.
func (r *Reader) laterHeader() int64 {
	named := func(s Selector) bool { return s.Name != "" }
	if !slices.ContainsFunc(r.cfg.Columns, named) {
		return 0
	}
	data := r.buf[r.pos:min(r.end, r.pos+headerBytes)]
	at := 0
	for line := r.lines + 2; line <= r.lines+headerLines; line++ {
		if at = nextLine(data, at); at < 0 {
			return 0
		}
		if _, err := r.records.parse(data, at); err != nil || r.records.count > r.records.keep {
			continue
		}
		values := make([][]byte, len(r.records.fields))
		for i, f := range r.records.fields {
			values[i] = r.records.value(data, f)
		}
		if _, err := newHeader(values, &r.cfg); err == nil {
			return line
		}
	}
	return 0
}
