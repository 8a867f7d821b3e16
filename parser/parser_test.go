package parser_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/simd"
	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

var ids = parser.Config{Columns: []parser.Selector{{Name: "patient_id"}, {Name: "event_type"}}}

// readAll returns the selected fields of all records.
func readAll(r *parser.Reader, columns int) ([][]string, error) {
	rows := [][]string{}
	for {
		b, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		for i := range b.Rows {
			row := make([]string, columns)
			for c := range row {
				row[c] = string(b.Data[b.Columns[c].Starts[i]:b.Columns[c].Ends[i]])
			}
			rows = append(rows, row)
		}
		_ = b.Data[:len(b.Data)+parser.Slack]
	}
}

// cases returns the cases of all dialects.
func cases() []corpus.Case { return slices.Concat(corpus.Cases(), corpus.DialectCases()) }

// config returns the configuration for a case.
func config(c corpus.Case) parser.Config {
	cfg := ids
	cfg.Dialect = c.Dialect
	return cfg
}

func checkCase(t *testing.T, c corpus.Case, r *parser.Reader) {
	t.Helper()
	rows, err := readAll(r, 2)
	if c.Err != nil {
		var s *parser.SyntaxError
		if !errors.As(err, &s) || !errors.Is(err, c.Err) {
			t.Fatalf("got error %v, want %v", err, c.Err)
		}
		at := corpus.Place{Offset: int(s.Offset), Line: int(s.Line), Column: s.Column}
		if at != c.At {
			t.Fatalf("error %v at %+v, want %+v", err, at, c.At)
		}
		if _, again := r.Next(); again != err {
			t.Fatalf("Next after the error: got %v", again)
		}
		return
	}
	if err != nil {
		t.Fatalf("got error %v", err)
	}
	if len(rows) != len(c.Rows) {
		t.Fatalf("got rows %q, want %q", rows, c.Rows)
	}
	for i := range rows {
		if corpus.Row(rows[i]) != c.Rows[i] {
			t.Fatalf("row %d: got %q, want %q", i, rows[i], c.Rows[i])
		}
	}
	if got := r.Offset(); got != int64(len(c.Input)) {
		t.Fatalf("Offset at the end: got %d, want %d", got, len(c.Input))
	}
	if want := int64(strings.Count(c.Input, "\n")); r.Lines() != want {
		t.Fatalf("Lines at the end: got %d, want %d", r.Lines(), want)
	}
	want := c.Stats
	want.Multiline = uint64(c.Multiline)
	if got := r.Stats(); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatalf("Next after the end: got %v", err)
	}
}

func TestCases(t *testing.T) {
	for _, k := range simd.Kernels() {
		if !k.Available {
			continue
		}
		for _, c := range cases() {
			t.Run(k.Name+"/"+c.Name, func(t *testing.T) {
				r := parser.NewReader(strings.NewReader(c.Input), config(c))
				r.UseKernel(k)
				checkCase(t, c, r)
			})
		}
	}
}

// The result of every case is the same for every cut of the input and every
// size of the buffer.
func TestCasesAtEveryCut(t *testing.T) {
	var r *parser.Reader
	tried := 0
	check := func(t *testing.T, c corpus.Case, src io.Reader, o parser.Config) {
		tried++
		if r == nil {
			r = parser.NewReader(src, o)
		}
		r.Reset(src, o)
		checkCase(t, c, r)
	}
	for _, c := range cases() {
		t.Run(c.Name, func(t *testing.T) {
			data := []byte(c.Input)
			for cut := range len(data) + 1 {
				o := config(c)
				o.BufferSize = max(cut, 1) // the first read ends at the cut because the buffer does
				check(t, c, &corpus.Pieces{Data: data}, o)
				check(t, c, &corpus.Pieces{Data: data, Sizes: []int{max(cut, 1), 1 << 20}}, config(c))
			}
			for size := 1; size <= 256; size++ {
				o := config(c)
				o.BufferSize = size
				check(t, c, &corpus.Pieces{Data: data, Sizes: []int{1}}, o)
				check(t, c, &corpus.Pieces{Data: data, Sizes: []int{size, 0, 3}}, o)
				check(t, c, &corpus.EarlyEOF{Data: data}, o)
			}
		})
	}
	proof.Cases(t, "arrivals", tried)
}

// Every short string has the result of encoding/csv, apart from the documented
// differences.
func TestStringsAgreeWithEncodingCSV(t *testing.T) {
	t.Parallel()
	tried := 0
	bare := parser.Config{Dialect: parser.Dialect{NoHeader: true}, Columns: []parser.Selector{{Number: 1}}}
	r := parser.NewReader(nil, bare)
	buf := []byte("p,e\n12345678")
	eachString(proof.Bound(6, 8), func(s []byte) {
		r.Reset(bytes.NewReader(s), bare)
		want, wantErr := oracle.Records(s, ',')
		compare(t, s, r, 1, want, wantErr)

		headed := buf[:4+copy(buf[4:], s)]
		r.Reset(bytes.NewReader(headed), named)
		want, wantErr = oracle.Rows(headed, ',', "p", "e")
		compare(t, headed, r, 2, want, wantErr)
		tried += 2
	})
	proof.Cases(t, "strings-encoding-csv", tried)
}

func compare(t *testing.T, input []byte, r *parser.Reader, columns int, want [][]string, wantErr error) {
	t.Helper()
	got, err := readAll(r, columns)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: got error %v, want %v", input, err, wantErr)
	}
	if err != nil {
		return
	}
	same := func(a, b []string) bool { return slices.Equal(a, b[:columns]) }
	if !slices.EqualFunc(got, want, same) {
		t.Fatalf("%q: got %q, want %q", input, got, want)
	}
}

func TestLimits(t *testing.T) {
	row := "P1,bp," + strings.Repeat("x", 94) // 100 bytes
	tests := []struct {
		name, input string
		maxRecord   int
		want        error
		at          int64
	}{
		{"record as long as the limit", "patient_id,event_type,v\n" + row + "\n", 100, nil, 0},
		{"record as long as the limit, no newline", "patient_id,event_type,v\n" + row, 100, nil, 0},
		{"one byte over", "patient_id,event_type,v\nP1,bp,1\n" + row + "x\n", 100, parser.ErrRecordTooLong, 32},
		{"one byte over, no newline", "patient_id,event_type,v\nP1,bp,1\n" + row + "x", 100, parser.ErrRecordTooLong, 32},
		{"one byte over by its CR", "patient_id,event_type,v\n" + row + "\r\n", 100, parser.ErrRecordTooLong, 24},
		{"one byte over, quoted", "patient_id,event_type,v\nP1,\"bp\"," + strings.Repeat("x", 93) + "\n", 100, parser.ErrRecordTooLong, 24},
		{"unclosed quote", "patient_id,event_type,v\nP1,bp,\"" + strings.Repeat("x\n", 200), 100, parser.ErrRecordTooLong, 30},
		{"quoted field over the limit", "patient_id,event_type,v\nP1,bp,\"" + strings.Repeat("x", 200) + "\"\n", 100, parser.ErrRecordTooLong, 30},
		{"an error before the limit comes first", "patient_id,event_type,v\nP1,b\"p," + strings.Repeat("x", 200) + "\n", 100, parser.ErrBareQuote, 28},
		{"header over the limit", "patient_id,event_type,v\n", 22, parser.ErrRecordTooLong, 0},
		{"header of the limit", "patient_id,event_type,v\n", 23, nil, 0},
	}
	for _, tt := range tests {
		for _, size := range []int{1, 7, 64, 99, 100, 101, 102, 1000, 0} {
			t.Run(fmt.Sprintf("%s/buffer %d", tt.name, size), func(t *testing.T) {
				o := ids
				o.Limits.MaxRecord, o.BufferSize = tt.maxRecord, size
				_, err := readAll(parser.NewReader(strings.NewReader(tt.input), o), 2)
				if !errors.Is(err, tt.want) {
					t.Fatalf("got %v, want %v", err, tt.want)
				}
				var s *parser.SyntaxError
				if errors.As(err, &s) && s.Offset != tt.at {
					t.Fatalf("got offset %d, want %d", s.Offset, tt.at)
				}
			})
		}
	}
}

func TestTooManyColumns(t *testing.T) {
	o := ids
	o.Limits.MaxColumns = 3
	for input, want := range map[string]error{
		"patient_id,event_type,c\n":   nil,
		"patient_id,event_type,c,d\n": parser.ErrTooManyColumns,
	} {
		if _, err := readAll(parser.NewReader(strings.NewReader(input), o), 2); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", input, err, want)
		}
	}
}

func TestConfig(t *testing.T) {
	tests := []struct {
		name, input string
		cfg         parser.Config
		want        [][]string // nil if refused
	}{
		{"tab", "patient_id\tevent_type\nP,1\tbp\n", parser.Config{Dialect: parser.Dialect{Delimiter: "\t"}, Columns: ids.Columns}, [][]string{{"P,1", "bp"}}},
		{"no header", "P1,x,bp\nP2,y,hr\n", parser.Config{Dialect: parser.Dialect{NoHeader: true}, Columns: []parser.Selector{{Number: 1}, {Number: 3}}}, [][]string{{"P1", "bp"}, {"P2", "hr"}}},
		{"no header, the same row again", "P1,bp\nP1,bp\n", parser.Config{Dialect: parser.Dialect{NoHeader: true}, Columns: []parser.Selector{{Number: 1}, {Number: 2}}}, [][]string{{"P1", "bp"}, {"P1", "bp"}}},
		{"number with a header", "a,b\nP1,bp\n", parser.Config{Columns: []parser.Selector{{Number: 2}, {Name: "a"}}}, [][]string{{"bp", "P1"}}},
		{"one column selected twice", "a,b\n\"P\"\"1\",bp\n", parser.Config{Columns: []parser.Selector{{Name: "a"}, {Name: "a"}}}, [][]string{{`P"1`, `P"1`}}},
		{"a single column", "a\nx\n\ny", parser.Config{Columns: []parser.Selector{{Name: "a"}}}, [][]string{{"x"}, {"y"}}},
		{"number too high", "a,b\n", parser.Config{Columns: []parser.Selector{{Number: 3}}}, nil},
		{"no columns", "a,b\nP1,bp\nP2,hr\n", parser.Config{}, [][]string{{}, {}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readAll(parser.NewReader(strings.NewReader(tt.input), tt.cfg), len(tt.cfg.Columns))
			if (err != nil) != (tt.want == nil) {
				t.Fatalf("got error %v", err)
			}
			if err == nil && !slices.EqualFunc(got, tt.want, slices.Equal) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// The error for an invalid configuration names what is invalid, for any input.
func TestInvalidConfigs(t *testing.T) {
	for _, tt := range []struct {
		cfg  parser.Config
		want string
	}{
		{parser.Config{Limits: parser.Limits{MaxRecord: -1}}, "negative limit"},
		{parser.Config{Limits: parser.Limits{MaxRecordLines: -1}}, "negative limit"},
		{parser.Config{Limits: parser.Limits{MaxColumns: -1}}, "negative limit"},
		{parser.Config{Limits: parser.Limits{MaxRecord: 1<<30 + 1}}, "record limit 1073741825"},
		{parser.Config{BufferSize: -7}, "negative buffer size"},
		{parser.Config{Columns: []parser.Selector{{}}}, "numbered from 1"},
		{parser.Config{Columns: []parser.Selector{{Number: 1}, {Number: -1}}}, "numbered from 1"},
		{parser.Config{Dialect: parser.Dialect{NoHeader: true}, Columns: ids.Columns}, "no column names"},
	} {
		_, err := readAll(parser.NewReader(strings.NewReader("patient_id,event_type\n"), tt.cfg), len(tt.cfg.Columns))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want an error with %q", tt.cfg, err, tt.want)
		}
	}
}

// All bytes without another meaning are valid delimiters.
func TestDelimiters(t *testing.T) {
	for c := range 256 {
		text := "1" + string([]byte{byte(c)}) + "2\n"
		cfg := parser.Config{
			Dialect: parser.Dialect{Delimiter: string([]byte{byte(c)}), NoHeader: true}, Columns: []parser.Selector{{Number: 1}, {Number: 2}},
		}
		_, err := readAll(parser.NewReader(strings.NewReader(text), cfg), 2)
		want := c == '"' || c == '\n' || c == '\r'
		if (err != nil) != want || want && !strings.Contains(err.Error(), "delimiter") {
			t.Errorf("%q: got %v", string(rune(c)), err)
		}
	}
}

// Next returns the errors of the source unmodified.
func TestSourceErrors(t *testing.T) {
	for cut := range 60 {
		data := []byte("patient_id,event_type\nP1,bp\n" + strings.Repeat("P2,hr\n", 20))[:cut]
		_, err := readAll(parser.NewReader(corpus.Broken(data), ids), 2)
		if !errors.Is(err, corpus.ErrBroken) {
			t.Fatalf("cut at %d: got %v", cut, err)
		}
	}
	idle := &corpus.Pieces{Data: []byte("x"), Sizes: []int{0}}
	if _, err := readAll(parser.NewReader(idle, ids), 2); err != io.ErrNoProgress {
		t.Errorf("source without progress: got %v", err)
	}
}

// Consecutive byte ranges of any size, whose guesses are checked as the engine
// checks them, contain every record once, and an error at the position where a
// single reader finds it.
func TestRanges(t *testing.T) {
	inputs := slices.DeleteFunc(cases(), func(c corpus.Case) bool { return c.Dialect.SkipFooter > 0 })
	text := "patient_id,event_type,note\n"
	for i := range 40 {
		text += fmt.Sprintf("P%d,bp,\"a note\nP9,bp,it \"\"looks\"\" like\nP8,bp,a record\n\"\r\n\n", i%7)
	}
	rows := make([]corpus.Row, 40)
	for i := range rows {
		rows[i] = corpus.Row{fmt.Sprintf("P%d", i%7), "bp"}
	}
	inputs = append(inputs, corpus.Case{Name: "text that looks like records", Input: text, Rows: rows})
	wrong, right := 0, 0
	for _, c := range inputs {
		t.Run(c.Name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 5, 8, 13, 21, 55, 144, 1000} {
				if len(c.Input)/size > 3000 {
					continue
				}
				if checkRanges(t, c, size) {
					wrong++
				} else {
					right++
				}
			}
		})
	}
	if wrong == 0 || right < wrong {
		t.Errorf("%d inputs with a wrong guess, %d without: want both, and more of the latter", wrong, right)
	}
	proof.Cases(t, "ranges", wrong+right)
}

// checkRanges reads a case in byte ranges until its end, its error, or the
// first wrong guess, and reports whether there was one.
func checkRanges(t *testing.T, c corpus.Case, size int) (wrong bool) {
	var rows [][]string
	var header *parser.Header
	var lines, over int64
	var stats parser.Stats
	r := parser.NewReader(nil, ids)
	for from := 0; from == 0 || from < len(c.Input); from += size {
		limit := int64(min(size, len(c.Input)-from))
		r.ResetRange(strings.NewReader(c.Input[from:]), config(c), parser.Range{Header: header, Limit: func() int64 { return limit }})
		if err := r.Begin(); from > 0 && (err != nil || r.Offset() != over) {
			wrong = true
			break
		}
		part, err := readAll(r, 2)
		if err != nil {
			var s *parser.SyntaxError
			if !errors.As(err, &s) || !errors.Is(err, c.Err) || s.Offset+int64(from) != int64(c.At.Offset) || s.Line+lines != int64(c.At.Line) {
				t.Fatalf("size %d, range at %d, after %d lines: got %v, want %v at %+v", size, from, lines, err, c.Err, c.At)
			}
			return false
		}
		rows = append(rows, part...)
		header, over = r.Header(), r.Offset()-limit
		lines += r.Lines()
		stats.Add(r.Stats())
	}
	if want := c.Stats; !wrong {
		if want.Multiline = uint64(c.Multiline); stats != want {
			t.Fatalf("size %d: got %+v, want %+v", size, stats, want)
		}
	}
	if !wrong && (c.Err != nil || over != 0 || len(rows) != len(c.Rows)) {
		t.Fatalf("size %d: %d rows, %d bytes after the end; want %d rows, %v", size, len(rows), over, len(c.Rows), c.Err)
	}
	for i := range min(len(rows), len(c.Rows)) { // no rows are listed for an error
		if corpus.Row(rows[i]) != c.Rows[i] {
			t.Fatalf("size %d, row %d: got %q, want %q", size, i, rows[i], c.Rows[i])
		}
	}
	return wrong
}

// Records with a wrong number of fields are passed to Reject and left out,
// however the input is cut. All other records are returned.
func TestReject(t *testing.T) {
	input := "patient_id,event_type\r\nP1\nP1,a\n\n\"P2\nx\",b,\"c\"\r\n" + strings.Repeat("P3,c\n", 100) + ",,\nP4,d\nP5"
	want := []string{`line 2, byte 23: "P1"`, `line 5, byte 32: "\"P2\nx\",b,\"c\""`, `line 107, byte 546: ",,"`, `line 109, byte 554: "P5"`}
	for size := 1; size < 600; size += 7 {
		var got []string
		o := ids
		o.BufferSize = size
		o.Reject = func(err *parser.SyntaxError, record []byte) error {
			if !errors.Is(err, parser.ErrFieldCount) {
				t.Errorf("got %v", err)
			}
			got = append(got, fmt.Sprintf("line %d, byte %d: %q", err.Line, err.Offset, record))
			return nil
		}
		rows, err := readAll(parser.NewReader(&corpus.Pieces{Data: []byte(input), Sizes: []int{size}}, o), 2)
		if err != nil || len(rows) != 102 || !slices.Equal(got, want) {
			t.Fatalf("pieces of %d: %d rows, %v, rejected %q, want %q", size, len(rows), err, got, want)
		}
	}
}

func TestRejectError(t *testing.T) {
	enough := errors.New("enough")
	o := ids
	o.Reject = func(*parser.SyntaxError, []byte) error { return enough }
	rows, err := readAll(parser.NewReader(strings.NewReader("patient_id,event_type\nP1,a\nP2\nP3,b\n"), o), 2)
	var s *parser.SyntaxError
	if len(rows) != 1 || !errors.Is(err, enough) || !errors.As(err, &s) || s.Line != 3 {
		t.Errorf("got %q, %v", rows, err)
	}
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name, row := range map[string]string{"block parser": "P1,t,bp,1\n", "record parser": "\"P1\",t,\"b\"\"p\",1\n"} {
		data := []byte("patient_id,x,event_type,v\n" + strings.Repeat(row, 1<<17))
		src := bytes.NewReader(data)
		r := parser.NewReader(src, ids)
		read := func(blocks int) {
			for range blocks {
				if _, err := r.Next(); err != nil {
					t.Fatal(err)
				}
			}
		}
		read(3)
		if n := testing.AllocsPerRun(3, func() { read(2) }); n != 0 {
			t.Errorf("%s: %v allocations for two blocks", name, n)
		}
		r.Release()
	}
}

func TestRelease(t *testing.T) {
	r := parser.NewReader(strings.NewReader("patient_id,event_type\n"), ids)
	r.Release()
	r.Release()
	if _, err := r.Next(); err == nil || err == io.EOF {
		t.Errorf("Next after Release: got %v", err)
	}
	r.Reset(strings.NewReader("patient_id,event_type\n"), ids)
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("Next after Reset: got %v", err)
	}
}

func TestErrorAt(t *testing.T) {
	input := "patient_id,x,event_type\nP1,\"a\n\nb\",bp\nP2,,hr\n"
	r := parser.NewReader(strings.NewReader(input), ids)
	b, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	e := b.ErrorAt(0, 1, parser.ErrInvalidUTF8)
	if e.Offset != int64(strings.Index(input, "bp")) || e.Line != 4 || e.Column != 4 || e.Err != parser.ErrInvalidUTF8 {
		t.Errorf("got %+v", e)
	}
	if e := b.ErrorAt(1, 0, parser.ErrInvalidUTF8); e.Line != 5 || e.Column != 1 {
		t.Errorf("got %+v", e)
	}
}
