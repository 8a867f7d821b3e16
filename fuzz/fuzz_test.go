package fuzz

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"

	"fastcount/engine"
	"fastcount/internal/intern"
	"fastcount/internal/simd"
	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/oracle"
	"fastcount/parser"
)

func seed(f *testing.F, more ...any) {
	for _, c := range corpus.Cases() {
		f.Add(append([]any{[]byte(c.Input)}, more...)...)
	}
}

// FuzzKernel compares every kernel with a loop over bytes.
func FuzzKernel(f *testing.F) {
	seed(f, byte(','), uint16(0))
	f.Add(bytes.Repeat([]byte("a,\r\n"), 50), byte('\t'), uint16(7))
	f.Fuzz(func(t *testing.T, b []byte, delimiter byte, skip uint16) {
		if delimiter == '"' || delimiter == '\r' || delimiter == '\n' {
			return
		}
		b = b[min(int(skip), len(b)):]
		want := oracle.Index(b, delimiter)
		for _, k := range simd.Kernels() {
			if !k.Available {
				continue
			}
			dst := make([]uint32, len(b)+simd.Slack)
			m := k.Index(dst, b, delimiter)
			got := oracle.Separators{Newlines: m.Newlines, Quote: m.Quote, CR: m.CR, LoneCR: m.LoneCR}
			if want.Quote {
				if !m.Quote {
					t.Fatalf("%s did not see the quote", k.Name)
				}
				continue
			}
			got.Offsets = dst[:m.Offsets]
			if !slices.Equal(got.Offsets, want.Offsets) || got.Newlines != want.Newlines || got.Quote ||
				got.CR != want.CR || got.LoneCR != want.LoneCR {
				t.Fatalf("%s: got %+v, want %+v", k.Name, got, want)
			}
		}
	})
}

// manyLines is more lines than a record of a fuzzed input has: encoding/csv has
// no such limit.
const manyLines = 1 << 30

var ids = []parser.Selector{{Name: "patient_id"}, {Name: "event_type"}}

// FuzzParser compares the parser with encoding/csv, except for the documented
// differences. The records and the error must not depend on how the bytes
// arrive.
func FuzzParser(f *testing.F) {
	seed(f, []byte{1}, uint16(1))
	seed(f, []byte{3, 0, 200}, uint16(300))
	f.Fuzz(func(t *testing.T, input, pieces []byte, bufferSize uint16) {
		rows, err := records(bytes.NewReader(input), parser.Config{Columns: ids, Limits: parser.Limits{MaxRecordLines: manyLines}})
		want, wantErr := oracle.Rows(input, ',', "patient_id", "event_type")
		if !errors.Is(wantErr, oracle.ErrNoSpareByte) {
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("got error %v, the oracle has %v", err, wantErr)
			}
			if err == nil && !slices.EqualFunc(rows, want, slices.Equal) {
				t.Fatalf("got %q, the oracle has %q", rows, want)
			}
		}
		agreesWithMachine(t, input, rows, err)
		src := &corpus.Pieces{Data: input, Sizes: sizes(pieces)}
		again, errAgain := records(src, parser.Config{Columns: ids, BufferSize: int(bufferSize), Limits: parser.Limits{MaxRecordLines: manyLines}})
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || !slices.EqualFunc(rows, again, slices.Equal) {
			t.Fatalf("in pieces: got %q and %v, in one go %q and %v", again, errAgain, rows, err)
		}
		windows := &corpus.Windows{Data: input, Sizes: sizes(pieces), Keep: int(bufferSize)}
		again, errAgain = records(windows, parser.Config{Columns: ids, BufferSize: int(bufferSize), Limits: parser.Limits{MaxRecordLines: manyLines}})
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || !slices.EqualFunc(rows, again, slices.Equal) || windows.Modified {
			t.Fatalf("in windows: got %q and %v, in one go %q and %v; modified: %v", again, errAgain, rows, err, windows.Modified)
		}
	})
}

// agreesWithMachine compares the selected columns and the error with those of
// the oracle's state machine. The machine does not select columns and has no
// limit of the size of a record, so that inputs with a missing column, or with
// a column that occurs twice, and large inputs, are not compared.
func agreesWithMachine(t *testing.T, input []byte, rows [][]string, err error) {
	t.Helper()
	all, _, fault := oracle.MachineLimited(input, ',', manyLines)
	if len(all) == 0 || len(input) > parser.DefaultMaxRecord || len(all[0]) > parser.DefaultMaxColumns {
		return
	}
	var want [][]string
	var columns []int
	for i, name := range all[0] {
		if name == "patient_id" || name == "event_type" {
			columns = append(columns, i)
		}
	}
	if len(columns) != 2 || all[0][columns[0]] == all[0][columns[1]] {
		return
	}
	if all[0][columns[0]] == "event_type" {
		slices.Reverse(columns)
	}
	for _, record := range all[1:] {
		want = append(want, []string{record[columns[0]], record[columns[1]]})
	}
	var s *parser.SyntaxError
	switch {
	case !slices.EqualFunc(rows, want, slices.Equal):
		t.Fatalf("got %q, the machine has %q", rows, want)
	case fault == nil && err == nil:
	case fault == nil || !errors.As(err, &s) || !errors.Is(err, corpus.Faults[fault.Kind]) ||
		s.Offset != int64(fault.Offset) || s.Line != int64(fault.Line):
		t.Fatalf("got %v, the machine has %+v", err, fault)
	}
}

// sizes returns the sizes of pieces for any bytes. There are never two sizes of
// 0 in succession, because the parser gives up a source that repeatedly returns
// no bytes.
func sizes(pieces []byte) []int {
	out := []int{1}
	for _, p := range pieces {
		if p > 0 || out[len(out)-1] > 0 {
			out = append(out, int(p))
		}
	}
	return out
}

func records(src io.Reader, cfg parser.Config) (rows [][]string, err error) {
	r := parser.NewReader(src, cfg)
	defer r.Release()
	return readRecords(r)
}

// readRecords returns the selected fields of all records.
func readRecords(r *parser.Reader) (rows [][]string, err error) {
	for {
		b, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		for i := range b.Rows {
			var row []string
			for _, c := range b.Columns {
				row = append(row, string(b.Data[c.Starts[i]:c.Ends[i]]))
			}
			rows = append(rows, row)
		}
	}
}

// FuzzIntern compares the interner with a map. The input is a list of names,
// each after a byte with its length.
func FuzzIntern(f *testing.F) {
	f.Add([]byte("\x04P001\x04P002\x00\x04P001\x1eabcdefghijklmnopqrstuvwxyz1234\x00"), byte(0))
	f.Add(bytes.Repeat([]byte("\x10sixteen bytes ok\x11seventeen bytes k"), 3), byte(0xff))
	f.Fuzz(func(t *testing.T, commands []byte, junk byte) {
		table, want := intern.New(nil), map[string]uint32{}
		for turn := range 2 {
			table.Reset()
			clear(want)
			var starts, ends []uint32
			data := append(bytes.Clone(commands), bytes.Repeat([]byte{junk}, intern.Slack)...)[:len(commands)]
			for i := 0; i < len(commands); {
				size := min(int(commands[i]), len(commands)-i-1)
				starts, ends = append(starts, uint32(i+1)), append(ends, uint32(i+1+size))
				i += 1 + size
			}
			got := make([]uint32, len(starts))
			if n, err := table.IDs(got, data, starts, ends); n != len(starts) || err != nil {
				t.Fatalf("turn %d: got %d of %d, %v", turn, n, len(starts), err)
			}
			for i := range starts {
				name := string(data[starts[i]:ends[i]])
				id, ok := want[name]
				if !ok {
					id = uint32(len(want))
					want[name] = id
				}
				if got[i] != id || string(table.Name(id)) != name {
					t.Fatalf("turn %d: %q: got %d, want %d", turn, name, got[i], id)
				}
			}
			if table.Len() != len(want) {
				t.Fatalf("turn %d: %d names, want %d", turn, table.Len(), len(want))
			}
		}
	})
}

// file is a part that can be split at every byte.
type file []byte

func (file) Name() string { return "file" }
func (f file) Info() engine.PartInfo {
	return engine.PartInfo{Size: int64(len(f)), SizeKnown: true}
}
func (f file) Boundary(_ context.Context, at int64) (int64, error) { return at, nil }
func (f file) Open(ctx context.Context) (io.ReadCloser, error)     { return f.OpenRange(ctx, 0, 0) }
func (f file) OpenRange(_ context.Context, from, to int64) (io.ReadCloser, error) {
	return &fileRange{bytes.NewReader(f[from:]), to - from}, nil
}

type fileRange struct {
	io.Reader
	limit int64
}

func (r *fileRange) Info() engine.StreamInfo { return engine.StreamInfo{Limit: r.limit} }
func (r *fileRange) Close() error            { return nil }

// FuzzEngine counts a file in byte ranges with several workers, and compares
// the counts with those of encoding/csv and a map.
func FuzzEngine(f *testing.F) {
	seed(f, uint16(5), uint16(0))
	seed(f, uint16(40), uint16(9))
	f.Fuzz(func(t *testing.T, input []byte, rangeSize, bufferSize uint16) {
		cfg := engine.Config{Jobs: 3, RangeSize: int64(max(rangeSize, uint16(len(input)/200), 1)), BufferSize: int(bufferSize), RecordLimits: parser.Limits{MaxRecordLines: manyLines}}
		got, err := engine.Run(t.Context(), []engine.Part{file(input)}, cfg)
		want, wantErr := oracle.Counts(input, ',', "patient_id", "event_type")
		if errors.Is(wantErr, oracle.ErrNoSpareByte) || tooLong(input) {
			return
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("got error %v, the oracle has %v", err, wantErr)
		}
		if err != nil {
			whole, errWhole := engine.Run(t.Context(), []engine.Part{file(input)}, engine.Config{RecordLimits: parser.Limits{MaxRecordLines: manyLines}})
			if fmt.Sprint(err) != fmt.Sprint(errWhole) {
				t.Fatalf("cut: %v; in one go: %v, %v", err, errWhole, whole)
			}
			return
		}
		counts := map[[2]string]uint64{}
		for group, n := range got.All() {
			counts[[2]string{got.Keys[0][group[0]], got.Keys[1][group[1]]}] = n
		}
		if !maps.Equal(counts, want) || got.Bytes != uint64(len(input)) {
			t.Fatalf("got %v and %d bytes, want %v and %d", counts, got.Bytes, want, len(input))
		}
	})
}

// tooLong reports whether an id may exceed a limit that the oracle does not
// have.
func tooLong(input []byte) bool { return len(input) > 4096 }
