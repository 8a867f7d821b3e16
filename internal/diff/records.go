package diff

import (
	"encoding/binary"
	"iter"
)

// Sizes of the blocks of records, in bytes.
const (
	smallest = 4 << 10
	largest  = 1 << 20
)

// records is a sequence of records in a compact form: any difference of two
// counts takes a few bytes. No record is divided between blocks.
type records struct{ blocks [][]byte }

// add adds a record.
func (r *records) add(record []byte) {
	last := len(r.blocks) - 1
	if last < 0 || len(record) > cap(r.blocks[last])-len(r.blocks[last]) {
		size := min(smallest<<min(len(r.blocks), 8), largest)
		r.blocks = append(r.blocks, make([]byte, 0, max(size, len(record))))
		last++
	}
	r.blocks[last] = append(r.blocks[last], record...)
}

// reader returns a reader of all records.
func (r *records) reader() *recordReader { return &recordReader{blocks: r.blocks} }

// recordReader reads the fields of records, one after the other.
type recordReader struct {
	rest   []byte
	blocks [][]byte
}

// more reports whether there is another record. It must be called before each.
func (r *recordReader) more() bool {
	if len(r.rest) == 0 && len(r.blocks) > 0 {
		r.rest, r.blocks = r.blocks[0], r.blocks[1:]
	}
	return len(r.rest) > 0
}

func (r *recordReader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	r.rest = r.rest[size:]
	return n
}

func (r *recordReader) text() []byte {
	size := r.number()
	text := r.rest[:size]
	r.rest = r.rest[size:]
	return text
}

func appendNumber(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

func appendText(b, text []byte) []byte { return append(appendNumber(b, uint64(len(text))), text...) }

// names numbers values.
type names struct {
	index map[string]uint32
	list  []string
	last  []bool // whether it is a value of the last key column
}

// id returns the number of a value.
func (n *names) id(value []byte) uint32 {
	id, known := n.index[string(value)]
	if !known {
		if n.index == nil {
			n.index = make(map[string]uint32)
		}
		id = uint32(len(n.list))
		n.list = append(n.list, string(value))
		n.last = append(n.last, false)
		n.index[n.list[id]] = id
	}
	return id
}

// FirstChanges yields the values of the first key column that differ, in order.
// The values are valid until the next one.
func (d *Diff) FirstChanges() iter.Seq[Change] {
	return func(yield func(Change) bool) {
		values := make([]string, 1)
		for r := d.first.reader(); r.more(); {
			values[0] = string(r.text())
			c := Change{values, r.number(), r.number()}
			r.number()
			if !yield(c) {
				return
			}
		}
	}
}

// LastChanges yields the values of the last key column that differ, in order.
func (d *Diff) LastChanges() iter.Seq[Change] {
	if len(d.Keys) == 1 {
		return d.FirstChanges()
	}
	return func(yield func(Change) bool) {
		for _, c := range d.last {
			if !yield(c) {
				return
			}
		}
	}
}

// GroupChanges yields the groups that differ, in order. The values are valid
// until the next one.
func (d *Diff) GroupChanges() iter.Seq[Change] {
	if len(d.Keys) == 1 {
		return d.FirstChanges()
	}
	return func(yield func(Change) bool) {
		values := make([]string, len(d.Keys))
		for first, g := range d.eachGroup() {
			values[0] = first.Values[0]
			for i, id := range g.ids {
				values[i+1] = d.names.list[id]
			}
			if !yield(Change{values, g.old, g.new}) {
				return
			}
		}
	}
}

// group is a group whose values, without the first, are ids of names.
type group struct {
	ids      []uint32
	old, new uint64
}

// eachGroup yields the groups that differ, with the value of their first key
// column, if there are several key columns.
func (d *Diff) eachGroup() iter.Seq2[Change, group] {
	return func(yield func(Change, group) bool) {
		ids := make([]uint32, len(d.Keys)-1)
		values := make([]string, 1)
		groups := d.groups.reader()
		for r := d.first.reader(); r.more(); {
			values[0] = string(r.text())
			first := Change{values, r.number(), r.number()}
			for range r.number() {
				groups.more()
				for i := range ids {
					ids[i] = uint32(groups.number())
				}
				if !yield(first, group{ids, groups.number(), groups.number()}) {
					return
				}
			}
		}
	}
}
