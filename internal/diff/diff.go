// Package diff compares two results: which values of the first and of the last
// key column appeared or vanished, and which counts changed.
//
// The first key column is that of patients, and the last one that of event
// types, unless the results count by other columns. If there is a single one,
// it is both.
package diff

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
)

// Result yields the groups of a result, sorted by their values.
type Result interface {
	// Keys returns the names of the key columns, at least one.
	Keys() []string

	// Next returns the values and the count, more than 0, of the next
	// group, or io.EOF. The values are valid until the next call but one.
	Next() (values [][]byte, n uint64, err error)

	// Totals yields the rows of each value of the last key column, once Next
	// has returned io.EOF. It is not used if there is a single key column.
	Totals() iter.Seq2[string, uint64]

	// Incomplete returns a line for each thing that is missing from the
	// result, once Next has returned io.EOF.
	Incomplete() []string
}

// ErrKeys is matched by the error for results of different key columns.
var ErrKeys = errors.New("results of different key columns")

// Change is a difference of two counts. A count of 0 means that there are no
// such rows.
type Change struct {
	Values   []string // one value of a key column, or those of a group
	Old, New uint64
}

// size returns the absolute value of the difference.
func (c Change) size() uint64 { return max(c.Old, c.New) - min(c.Old, c.New) }

// Kinds are numbers of differences.
type Kinds struct{ New, Vanished, Changed int }

// add counts a difference.
func (k *Kinds) add(old, new uint64) {
	switch {
	case old == 0:
		k.New++
	case new == 0:
		k.Vanished++
	default:
		k.Changed++
	}
}

func (k Kinds) sum() int { return k.New + k.Vanished + k.Changed }

// Side describes one of two results.
type Side struct {
	Name       string
	Rows       uint64
	Groups     int
	Incomplete []string // a line for each thing that is missing
}

// Diff holds the differences of two results.
type Diff struct {
	Keys     []string
	Old, New Side

	// First and Last are the numbers of values of the first and the last key
	// column that occur in one result alone, or whose groups have different
	// counts, and Groups is the number of such groups. With a single key
	// column, all three are equal.
	First, Last, Groups Kinds

	first  records  // of First: value, counts, and number of groups
	groups records  // of Groups: ids of values without the first, and counts
	names  names    // of the values in groups
	last   []Change // of Last, in order
	lastOf []int    // index into last by the id of a name, or -1
}

// Empty reports whether the counts of both results are equal.
func (d *Diff) Empty() bool { return d.Groups.sum() == 0 }

// Compare reads two results and returns their differences, in memory that
// depends on these and on the values of the last key column. The error names
// the result that it is about, and matches [ErrKeys] if the key columns differ.
func Compare(oldName string, old Result, newName string, new Result) (*Diff, error) {
	if err := CheckKeys(oldName, old.Keys(), newName, new.Keys()); err != nil {
		return nil, err
	}
	c := &comparison{d: &Diff{Keys: old.Keys(), Old: Side{Name: oldName}, New: Side{Name: newName}}}
	if err := c.merge(&cursor{Result: old, side: &c.d.Old}, &cursor{Result: new, side: &c.d.New}); err != nil {
		return nil, err
	}
	c.end()
	c.d.Old.Incomplete, c.d.New.Incomplete = old.Incomplete(), new.Incomplete()
	if len(c.d.Keys) > 1 {
		c.d.setLast(old.Totals(), new.Totals())
	} else {
		c.d.Last, c.d.Groups = c.d.First, c.d.First
	}
	return c.d, nil
}

// CheckKeys returns an error that matches [ErrKeys] if the key columns differ.
func CheckKeys(oldName string, old []string, newName string, new []string) error {
	if slices.Equal(old, new) {
		return nil
	}
	return fmt.Errorf("%w: %s has %q, %s has %q", ErrKeys, oldName, old, newName, new)
}

// cursor is the next group of a result.
type cursor struct {
	Result
	side   *Side
	values [][]byte
	n      uint64
	ended  bool
}

func (c *cursor) advance() (err error) {
	c.values, c.n, err = c.Next()
	switch {
	case err == io.EOF:
		c.ended = true
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", c.side.Name, err)
	}
	c.side.Rows += c.n
	c.side.Groups++
	return nil
}

// compare compares two groups by their values. A result that has ended is
// greater than every other one.
func compare(a, b *cursor) int {
	if a.ended || b.ended {
		return cmp.Compare(order(a.ended), order(b.ended))
	}
	for i, value := range a.values {
		if c := bytes.Compare(value, b.values[i]); c != 0 {
			return c
		}
	}
	return 0
}

func order(ended bool) int {
	if ended {
		return 1
	}
	return 0
}

// comparison gathers the differences of two results.
type comparison struct {
	d        *Diff
	value    []byte // of the first key column
	old, new uint64 // its rows
	groups   int    // number of its groups that differ
	entry    []byte
}

// merge reads both results.
func (c *comparison) merge(a, b *cursor) error {
	if err := cmp.Or(a.advance(), b.advance()); err != nil {
		return err
	}
	for !a.ended || !b.ended {
		var err error
		switch order := compare(a, b); {
		case order < 0:
			c.add(a.values, a.n, 0)
			err = a.advance()
		case order > 0:
			c.add(b.values, 0, b.n)
			err = b.advance()
		default:
			c.add(a.values, a.n, b.n)
			if err = a.advance(); err == nil {
				err = b.advance()
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add adds the counts of a group.
func (c *comparison) add(values [][]byte, old, new uint64) {
	if !bytes.Equal(c.value, values[0]) {
		c.end()
		c.value = append(c.value[:0], values[0]...)
	}
	c.old += old
	c.new += new
	if old == new {
		return
	}
	c.groups++
	if len(values) == 1 {
		return
	}
	c.d.Groups.add(old, new)
	c.entry = c.entry[:0]
	id := uint32(0)
	for _, value := range values[1:] {
		id = c.d.names.id(value)
		c.entry = appendNumber(c.entry, uint64(id))
	}
	c.d.names.last[id] = true
	c.entry = appendNumber(c.entry, old)
	c.entry = appendNumber(c.entry, new)
	c.d.groups.add(c.entry)
}

// end records the differences of a value of the first key column.
func (c *comparison) end() {
	if c.groups > 0 {
		c.d.First.add(c.old, c.new)
		c.entry = appendText(c.entry[:0], c.value)
		c.entry = appendNumber(c.entry, c.old)
		c.entry = appendNumber(c.entry, c.new)
		c.entry = appendNumber(c.entry, uint64(c.groups))
		c.d.first.add(c.entry)
	}
	c.old, c.new, c.groups = 0, 0, 0
}

// setLast sets what depends on the totals of the last key column.
func (d *Diff) setLast(old, new iter.Seq2[string, uint64]) {
	totals := make([][2]uint64, len(d.names.list))
	for side, all := range []iter.Seq2[string, uint64]{old, new} {
		for value, rows := range all {
			if id, known := d.names.index[value]; known {
				totals[id][side] = rows
			}
		}
	}
	for id, name := range d.names.list {
		if d.names.last[id] {
			d.last = append(d.last, Change{[]string{name}, totals[id][0], totals[id][1]})
			d.Last.add(totals[id][0], totals[id][1])
		}
	}
	slices.SortFunc(d.last, func(a, b Change) int { return cmp.Compare(a.Values[0], b.Values[0]) })
	d.lastOf = make([]int, len(d.names.list))
	for i, c := range d.last {
		d.lastOf[d.names.index[c.Values[0]]] = i
	}
}
