package fuzz

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"testing"

	"fastcount/engine"
	"fastcount/internal/intern"
	"fastcount/internal/isotime"
	"fastcount/internal/testing/oracle"
	"fastcount/parser"
)

var units = []string{"year", "month", "day", "hour"}

// FuzzTuples adds tuples to a table, one by one and in batches of columns, and
// compares the counts with those of a map. The first byte is the number of ids
// of a tuple; each of them is a byte, shifted.
func FuzzTuples(f *testing.F) {
	f.Add([]byte("\x03aaaaabbbaaa"), uint8(0))
	f.Add(bytes.Repeat([]byte("\x08abcdefgh"), 200), uint8(24))
	f.Add(bytes.Repeat([]byte{5, 1, 2, 3, 4, 5, 6, 7}, 500), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, shift uint8) {
		if len(data) == 0 {
			return
		}
		width := 1 + int(data[0])%intern.MaxTuple
		data = data[1:]
		columns, want := make([][]uint32, width), map[string]uint64{}
		table := intern.NewTuples(width)
		for len(data) >= width {
			tuple := make([]uint32, width)
			for i, b := range data[:width] {
				tuple[i] = uint32(b) << (shift % 25)
				columns[i] = append(columns[i], tuple[i])
			}
			table.Add(tuple, 1<<40)
			want[fmt.Sprint(tuple)] += 1<<40 + 1
			data = data[width:]
		}
		table.AddOnes(columns, len(columns[0]))
		got := map[string]uint64{}
		for number := range table.Len() {
			tuple := make([]uint32, width)
			for i := range tuple {
				tuple[i] = table.ID(number, i)
			}
			got[fmt.Sprint(tuple)] += table.Count(number)
		}
		if !maps.Equal(got, want) || table.Len() != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// FuzzTime compares both ways to cut a time with a regular expression and
// package time.
func FuzzTime(f *testing.F) {
	for _, value := range []string{"2026-01-31", "20260131", "2026-01-31T10:20:30.123456Z", "2024-02-29 23:59:60,5+01:00", "2026-01-31T102030-0100", "2026-02-30", "2026-01-31 10:20 UTC"} {
		f.Add([]byte(value), uint64(0x3030303030303030))
	}
	f.Fuzz(func(t *testing.T, value []byte, after uint64) {
		data := binary.LittleEndian.AppendUint64(bytes.Clone(value), after)
		data = append(data, make([]byte, isotime.Slack)...)
		for _, name := range units {
			unit, _ := isotime.Parse(name)
			want := -1
			if prefix, ok := oracle.CutTime(string(value), name); ok {
				want = len(prefix)
			}
			if got := unit.Cut(value); got != want {
				t.Fatalf("the %s of %q: got %d, want %d", name, value, got, want)
			}
			starts, ends := []uint32{0}, []uint32{uint32(len(value))}
			if n := unit.CutAll(data[:len(value)], starts, ends); n != min(want+1, 1) || n == 1 && int(ends[0]) != want {
				t.Fatalf("the %s of %q, all: got %d, %d, want %d", name, value, n, ends[0], want)
			}
		}
	})
}

// FuzzBy counts a file by one to five columns and units in byte ranges with
// several workers, and compares the counts with those of the state machine and
// a map. Each byte of keys is a column and a unit.
func FuzzBy(f *testing.F) {
	seed(f, uint16(5), []byte{0})
	seed(f, uint16(40), []byte{1, 0})
	seed(f, uint16(0), []byte{0, 1, 2})
	f.Add([]byte("a,t\nx,2026-01-31\ny,20260131T10\n\"x\",\"2026-01-31 10:20:30\"\n"), uint16(3), []byte{0, 25, 33, 41})
	f.Fuzz(func(t *testing.T, input []byte, rangeSize uint16, keys []byte) {
		d := oracle.CSV(',')
		read := oracle.Read(input, d, manyLines)
		if len(keys) == 0 || len(read.Header) == 0 || tooLong(input) {
			return
		}
		var by []engine.KeyColumn
		var columns []oracle.Key
		for i, b := range keys[:min(len(keys), 5)] {
			key := oracle.Key{Column: int(b&7) % len(read.Header), Unit: append(units, "", "", "", "")[(b>>3+4)%8]}
			columns = append(columns, key)
			by = append(by, engine.KeyColumn{Name: fmt.Sprint(i), Column: parser.Selector{Number: key.Column + 1}, Bucket: key.Unit})
		}
		cfg := engine.Config{By: by, Jobs: 3, RangeSize: int64(max(rangeSize, uint16(len(input)/200), 1)), RecordLimits: parser.Limits{MaxRecordLines: manyLines}}
		got, err := engine.Run(t.Context(), []engine.Part{file(input)}, cfg)
		want, wantErr := read.Groups(columns)
		if read.Fault != nil {
			wantErr = oracle.ErrRefused
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%+v: got error %v, the oracle has %v", columns, err, wantErr)
		}
		if err != nil {
			return
		}
		counts := map[string]uint64{}
		for group, n := range got.All() {
			values := make([]string, len(group))
			for i, index := range group {
				values[i] = got.Keys[i][index]
			}
			counts[fmt.Sprintf("%q", values)] = n
		}
		if !maps.Equal(counts, want) {
			t.Fatalf("%+v: got %v, want %v", columns, counts, want)
		}
	})
}
