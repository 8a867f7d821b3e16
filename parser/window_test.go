package parser_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// The result of every case is the same for windows of every size, for sources
// that return windows and bytes alternately, and for those that cannot return
// long records once more. Windows are not modified, nor used after they end.
func TestCasesInWindows(t *testing.T) {
	r := parser.NewReader(nil, ids)
	tried := 0
	for _, c := range cases() {
		t.Run(c.Name, func(t *testing.T) {
			check := func(src *corpus.Windows, size int) {
				t.Helper()
				tried++
				cfg := config(c)
				cfg.BufferSize = size
				src.Data = []byte(c.Input)
				r.Reset(src, cfg)
				checkCase(t, c, r)
				if src.Modified {
					t.Fatalf("a window was modified: %+v", src)
				}
				if src.Count == 0 && len(c.Input) > 0 {
					t.Fatalf("no window was used: %+v", src)
				}
			}
			for size := 1; size <= min(len(c.Input)+1, 256); size++ {
				check(&corpus.Windows{Sizes: []int{size}}, 0)
				check(&corpus.Windows{Sizes: []int{size, 1, 1 << 20}}, 0)
				check(&corpus.Windows{Sizes: []int{size, 0, 1}}, 5)
				check(&corpus.Windows{Sizes: []int{size}, Keep: 3}, 7)
			}
		})
	}
	proof.Cases(t, "arrivals", tried)
}

// Ranges of a source that returns windows end where those of any other do.
func TestRangesInWindows(t *testing.T) {
	input := "patient_id,event_type\n" + strings.Repeat("P1,bp\nP22,\"h\"\"r\"\n", 20)
	header := parser.NewReader(strings.NewReader(input), ids)
	if err := header.Begin(); err != nil {
		t.Fatal(err)
	}
	for from := 0; from < len(input); from += 7 {
		for limit := 1; from+limit < len(input); limit += 11 {
			read := func(src io.Reader) string {
				g := parser.Range{Limit: func() int64 { return int64(limit) }}
				if from > 0 {
					g.Header = header.Header()
				}
				r := parser.NewReader(nil, ids)
				defer r.Release()
				r.ResetRange(src, ids, g)
				rows, err := readAll(r, 2)
				return fmt.Sprint(rows, err, r.Offset(), r.Lines())
			}
			want := read(strings.NewReader(input[from:]))
			for _, size := range []int{1, 10, 100, 1000} {
				if got := read(&corpus.Windows{Data: []byte(input[from:]), Sizes: []int{size}}); got != want {
					t.Fatalf("from %d, limit %d, windows of %d: got %s, want %s", from, limit, size, got, want)
				}
			}
		}
	}
}

// Peek returns parts of a window, and at most DefaultBufferSize bytes.
func TestPeekInWindows(t *testing.T) {
	row := "P1,bp\n"
	input := "patient_id,event_type\n" + strings.Repeat(row, 300_000)
	src := &corpus.Windows{Data: []byte(input), Sizes: []int{1 << 20}}
	r := parser.NewReader(src, ids)
	rows := 0
	for {
		data, stop, err := r.Peek()
		if err == io.EOF {
			break
		}
		if err != nil || stop != len(data) || len(data) > parser.DefaultBufferSize || !bytes.HasPrefix(data, []byte(row)) {
			t.Fatalf("after %d rows: %d bytes, stop %d, %v", rows, len(data), stop, err)
		}
		_ = data[:len(data)+parser.Slack]
		n := len(data) / len(row)
		r.Discard(n*len(row), n)
		rows += n
	}
	if rows != 300_000 || r.Offset() != int64(len(input)) || src.Count < 2 {
		t.Errorf("got %d rows, offset %d, %d windows", rows, r.Offset(), src.Count)
	}
}

// A record that is longer than the windows is read, and one that exceeds the
// limit is not, wherever windows end.
func TestLongRecordsInWindows(t *testing.T) {
	long := "P1,\"" + strings.Repeat("\"\"x", 400) + "\"\n"
	input := "patient_id,event_type\n" + strings.Repeat(long+"P2,hr\n", 3)
	for size := 1; size < 1500; size += 13 {
		for _, keep := range []int{0, 100} {
			cfg := ids
			cfg.BufferSize = 64
			cfg.Limits.MaxRecord = len(long) - 1
			r := parser.NewReader(&corpus.Windows{Data: []byte(input), Sizes: []int{size}, Keep: keep}, cfg)
			rows, err := readAll(r, 2)
			if err != nil || len(rows) != 6 || rows[4][1] != strings.Repeat("\"x", 400) {
				t.Fatalf("windows of %d: %d rows, %v", size, len(rows), err)
			}
			cfg.Limits.MaxRecord--
			r.Reset(&corpus.Windows{Data: []byte(input), Sizes: []int{size}, Keep: keep}, cfg)
			rows, err = readAll(r, 2)
			if len(rows) != 0 || !strings.HasPrefix(fmt.Sprint(err), "line 2, ") {
				t.Fatalf("windows of %d, a record over the limit: %d rows, %v", size, len(rows), err)
			}
		}
	}
}

// repeated is a source whose windows are one slice, again and again.
type repeated struct{ data []byte }

func (r repeated) Window(int) []byte        { return r.data }
func (r repeated) Read([]byte) (int, error) { return 0, io.EOF }

func TestAllocationsInWindows(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name, row := range map[string]string{"block parser": "P1,t,bp,1\n", "record parser": "\"P1\",t,\"b\"\"p\",1\n"} {
		rows := strings.Repeat(row, 1<<17)
		src := repeated{append([]byte(rows), make([]byte, parser.Slack)...)[:len(rows)]}
		cfg := parser.Config{Dialect: parser.Dialect{NoHeader: true}, Columns: []parser.Selector{{Number: 1}, {Number: 3}}}
		r := parser.NewReader(src, cfg)
		read := func(blocks int) {
			for range blocks {
				if _, err := r.Next(); err != nil {
					t.Fatal(err)
				}
			}
		}
		read(3)
		if n := testing.AllocsPerRun(30, func() { read(2) }); n != 0 {
			t.Errorf("%s: %v allocations for two blocks", name, n)
		}
		r.Release()
	}
}

// An error of the source is returned after all records before it, wherever
// windows end before the byte that cannot be read.
func TestSourceErrorsInWindows(t *testing.T) {
	data := []byte("patient_id,event_type\n" + strings.Repeat("P2,hr\n", 20))
	for cut := range data {
		for size := 1; size < 40; size += 3 {
			src := &corpus.Windows{Data: data[:cut], Sizes: []int{size}, Err: corpus.ErrBroken}
			rows, err := readAll(parser.NewReader(src, ids), 2)
			want := max(0, bytes.Count(data[:cut], []byte("\n"))-1)
			if err != corpus.ErrBroken || len(rows) != want {
				t.Fatalf("cut at %d, windows of %d: %d rows, %v, want %d rows", cut, size, len(rows), err, want)
			}
		}
	}
}
