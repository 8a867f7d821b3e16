// Package result reads the results of the program: JSON, NDJSON, CSV, and
// partial results, one group after the other.
//
// The formats are those of package sinks and of package partial. A [Reader]
// recognizes them by their content, which must already be decompressed.
package result

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"unicode/utf8"
)

// ErrMalformed is matched by the errors for a result that no sink writes: its
// groups are not sorted, a count is missing, or a sum does not match.
var ErrMalformed = errors.New("malformed result")

// Errors about single groups.
var (
	errOrder = errors.New("groups out of order")
	errUTF8  = errors.New("id is not valid UTF-8")
	errCount = errors.New("invalid count")
	errRows  = errors.New("too many rows to count")
	errEnd   = errors.New("unexpected end of file")
)

// maxKeys is the number of key columns that a result can have.
const maxKeys = 8

// maxID is the length in bytes of the longest value of a key column, and of the
// longest other string in a result.
const maxID = 64 << 20

// decoder reads one format.
type decoder interface {
	// next sets the values of the next group, one for each key column, and
	// returns its count, which is more than 0. At the end of the result it
	// returns io.EOF.
	next(values [][]byte) (uint64, error)

	// at returns err with the position of the last group.
	at(err error) error
}

// Reader reads a result, group by group. Its memory depends on the values of
// the last key column alone. Nothing that it returns is verified until Next has
// returned io.EOF.
//
// A result is well formed if it is what a sink writes in the order of names,
// apart from blanks in JSON and NDJSON, quotes in CSV, and a byte order mark:
// its groups are sorted by the bytes of their values, each once, all counts are
// more than 0, their sum is less than 2^64, values are UTF-8, and the totals in
// JSON are those of the groups. Text formats end in a line feed.
type Reader struct {
	format     string
	keys       []string
	incomplete []string

	dec    decoder
	values [][]byte // of the last group
	next   [][]byte // of the one before, then of the next one
	begun  bool
	rows   uint64
	totals totals
	err    error
}

// NewReader returns a Reader after reading the beginning of the result. The
// error is a [NotResultError] if the data is something else; it matches
// [ErrMalformed] or an error of package partial if the data is damaged; or it
// is that of r. Next may also return [ErrEscaped].
func NewReader(r io.Reader) (*Reader, error) {
	buffered := bufio.NewReaderSize(r, bufferSize)
	head, err := buffered.Peek(headSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	out := &Reader{}
	switch {
	case bytes.HasPrefix(head, []byte(partialHead)):
		err = out.readPartial(buffered)
	case isJSON(head):
		err = out.readJSON(buffered)
	default:
		err = out.readCSV(buffered)
	}
	if _, ok := errors.AsType[*NotResultError](err); ok {
		err = cmp.Or(kindOf(head), err)
	}
	if err != nil {
		return nil, err
	}
	return out, out.begin()
}

// begin checks the names of the key columns and prepares for the first group.
func (r *Reader) begin() error {
	names := slices.Sorted(slices.Values(r.keys))
	if n := len(names); n < 1 || n > maxKeys || len(slices.Compact(names)) < n {
		return fmt.Errorf("%w: a result has 1 to %d key columns of different names", ErrMalformed, maxKeys)
	}
	for _, name := range names {
		switch {
		case name == "":
			return fmt.Errorf("%w: key column without a name", ErrMalformed)
		case !utf8.ValidString(name):
			return fmt.Errorf("%w: the name of a key column is not valid UTF-8", ErrMalformed)
		case name == memberCount && (r.format == "csv" || r.format == "ndjson"):
			return fmt.Errorf("%w: a key column has the name of the counts", ErrMalformed)
		}
	}
	r.values, r.next = make([][]byte, len(r.keys)), make([][]byte, len(r.keys))
	return nil
}

// Format returns the format: json, ndjson, csv, or partial result.
func (r *Reader) Format() string { return r.format }

// Keys returns the names of the key columns.
func (r *Reader) Keys() []string { return r.keys }

// Incomplete returns why the result is incomplete as far as the result itself
// reports that, a line for each part that is missing. It is known once Next
// has returned io.EOF.
func (r *Reader) Incomplete() []string { return r.incomplete }

// Totals yields the values of the last key column, in no order, each with the
// rows that Next has returned of it. With a single key column, it
// yields nothing.
func (r *Reader) Totals() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for _, t := range r.totals.list {
			if !yield(t.value, t.rows) {
				return
			}
		}
	}
}

// Next returns the values and the count of the next group, in the order of
// their bytes. The values are valid until the next call but one. At the end of
// a well-formed result it returns io.EOF.
func (r *Reader) Next() (values [][]byte, n uint64, err error) {
	if r.err != nil {
		return nil, 0, r.err
	}
	n, r.err = r.dec.next(r.next)
	if r.err == nil {
		if err := r.check(n); err != nil {
			r.err = r.dec.at(err)
		}
	}
	if r.err != nil {
		return nil, 0, r.err
	}
	r.values, r.next = r.next, r.values
	r.begun = true
	r.rows += n
	if last := len(r.values) - 1; last > 0 {
		r.totals.add(r.values[last], n)
	}
	return r.values, n, nil
}

// check compares the next group with the last one.
func (r *Reader) check(n uint64) error {
	if r.rows > math.MaxUint64-n {
		return errRows
	}
	order := 0
	for i, value := range r.next {
		if r.begun && bytes.Equal(value, r.values[i]) {
			continue // which was checked
		}
		if !utf8.Valid(value) {
			return errUTF8
		}
		if order == 0 {
			order = bytes.Compare(value, r.values[i])
		}
	}
	if r.begun && order <= 0 {
		return errOrder
	}
	return nil
}

// totals adds up the rows of each value of a key column.
type totals struct {
	index map[string]int
	list  []total
	last  int // index of the value that was added last
}

type total struct {
	value string
	rows  uint64
	next  int // index of the value that was added after this one most recently
}

// add adds rows to a value. Values mostly follow each other as they did before.
func (t *totals) add(value []byte, n uint64) {
	if len(t.list) > 0 {
		if next := t.list[t.last].next; t.list[next].value == string(value) {
			t.list[next].rows += n
			t.last = next
			return
		}
	}
	i, known := t.index[string(value)]
	if !known {
		if t.index == nil {
			t.index = make(map[string]int)
		}
		i = len(t.list)
		t.list = append(t.list, total{value: string(value)})
		t.index[t.list[i].value] = i
	}
	t.list[t.last].next, t.last = i, i
	t.list[i].rows += n
}

// of returns the rows of a value.
func (t *totals) of(value []byte) (uint64, bool) {
	i, known := t.index[string(value)]
	if !known {
		return 0, false
	}
	return t.list[i].rows, true
}

// set sets a value from a source that is about to change.
func set(values [][]byte, i int, value []byte) { values[i] = append(values[i][:0], value...) }

// parseCount parses a count: digits without leading zeros, and not 0.
func parseCount(digits []byte) (n uint64, ok bool) {
	if len(digits) == 0 || digits[0] == '0' {
		return 0, false
	}
	for _, c := range digits {
		d := uint64(c - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = 10*n + d
	}
	return n, true
}
