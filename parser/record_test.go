package parser_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// agree compares the result of a reader with that of the oracle's state
// machine: the records before the first error, the error, and its position.
func agree(t *testing.T, what string, r *parser.Reader, rows [][]string, fault *oracle.Fault) {
	t.Helper()
	got, err := readAll(r, 2)
	if !slices.EqualFunc(got, rows, func(a, b []string) bool { return slices.Equal(a, b[:2]) }) {
		t.Fatalf("%s: got %q, want %q", what, got, rows)
	}
	var s *parser.SyntaxError
	switch {
	case fault == nil && err == nil:
	case fault == nil || !errors.As(err, &s) || !errors.Is(err, corpus.Faults[fault.Kind]) || s.Offset != int64(fault.Offset) || s.Line != int64(fault.Line):
		t.Fatalf("%s: got %v, want %+v", what, err, fault)
	}
}

// oracleRows returns the result of the oracle for an input with the header p,e.
func oracleRows(t *testing.T, input []byte) ([][]string, *oracle.Fault) {
	t.Helper()
	records, fault := oracle.Machine(input, ',')
	if len(records) == 0 || !slices.Equal(records[0], []string{"p", "e"}) {
		t.Fatalf("%q: no header", input)
	}
	return records[1:], fault
}

var named = parser.Config{Columns: []parser.Selector{{Name: "p"}, {Name: "e"}}}

// eachString calls f for every string of structural characters and two others
// up to the given length.
func eachString(longest int, f func(s []byte)) {
	const alphabet = "a,\"\r\n\x00"
	buf := make([]byte, longest)
	for length := range longest + 1 {
		for n := range int(math.Pow(float64(len(alphabet)), float64(length))) {
			for i := range length {
				buf[i] = alphabet[n%len(alphabet)]
				n /= len(alphabet)
			}
			f(buf[:length])
		}
	}
}

func TestStringsAgreeWithStateMachine(t *testing.T) {
	t.Parallel()
	tried := 0
	r := parser.NewReader(nil, named)
	buf := []byte("p,e\n12345678")
	eachString(proof.Bound(6, 8), func(s []byte) {
		input := buf[:4+copy(buf[4:], s)]
		rows, fault := oracleRows(t, input)
		r.Reset(bytes.NewReader(input), named)
		agree(t, string(input), r, rows, fault)
		r.Reset(bytes.NewReader(input), named)
		r.UseGeneral()
		agree(t, string(input)+" in any dialect", r, rows, fault)
		tried++
	})
	proof.Cases(t, "strings-machine", tried)
}

// Every short string with a quote or a CR, between plain records, is read
// through buffers of all sizes, so that each of its bytes is at the beginning
// and at the end of a buffer.
func TestStringsAtBufferEdges(t *testing.T) {
	t.Parallel()
	tried := 0
	head := "p,e\n" + strings.Repeat("P1,abc\n", 18)
	r := parser.NewReader(nil, named)
	eachString(proof.Bound(3, 5), func(s []byte) {
		if !bytes.ContainsAny(s, "\"\r") {
			return
		}
		input := slices.Concat([]byte(head), s, []byte("\nP2,de\n"))
		rows, fault := oracleRows(t, input)
		o := named
		for o.BufferSize = 1; o.BufferSize <= 256; o.BufferSize++ {
			r.Reset(&corpus.Pieces{Data: input}, o)
			agree(t, string(input), r, rows, fault)
			tried++
		}
	})
	proof.Cases(t, "strings-edges", tried)
}

// eachTokenString calls f for every sequence of tokens up to the given length.
func eachTokenString(longest int, tokens []string, f func(s []byte)) {
	var grow func(s []byte, left int)
	grow = func(s []byte, left int) {
		f(s)
		if left == 0 {
			return
		}
		for _, token := range tokens {
			grow(append(s[:len(s):len(s)], token...), left-1)
		}
	}
	grow(nil, longest)
}

// Every short string with byte order marks or parts of them, following a header
// and as a complete input, has the result of both oracles.
func TestStringsWithByteOrderMarks(t *testing.T) {
	t.Parallel()
	tried := 0
	r := parser.NewReader(nil, named)
	bare := parser.Config{Dialect: parser.Dialect{NoHeader: true}, Columns: []parser.Selector{{Number: 1}}}
	eachTokenString(proof.Bound(5, 6), []string{"a", ",", `"`, "\n", "\xef\xbb\xbf", "\xef"}, func(s []byte) {
		if !bytes.Contains(s, []byte("\xef")) {
			return
		}
		input := append([]byte("p,e\n"), s...)
		rows, fault := oracleRows(t, input)
		want, wantErr := oracle.Rows(input, ',', "p", "e")
		for _, size := range []int{0, 1 + len(s)%7} {
			o := named
			o.BufferSize = size
			r.Reset(bytes.NewReader(input), o)
			agree(t, string(input), r, rows, fault)
		}
		r.Reset(bytes.NewReader(input), named)
		compare(t, input, r, 2, want, wantErr)
		r.Reset(bytes.NewReader(s), bare)
		want, wantErr = oracle.Records(s, ',')
		compare(t, s, r, 1, want, wantErr)
		tried += 4
	})
	proof.Cases(t, "strings-marks", tried)
}

// The limit of lines rejects the records that the oracle rejects, at the same
// position, and the same number of records span several lines.
func TestStringsWithLineLimit(t *testing.T) {
	t.Parallel()
	tried := 0
	r := parser.NewReader(nil, named)
	refused := 0
	eachTokenString(proof.Bound(5, 6), []string{"a", ",", `"`, "\n", "\"\n\"", "\r\n"}, func(s []byte) {
		if !bytes.Contains(s, []byte{'"'}) {
			return
		}
		input := append([]byte("p,e\n"), s...)
		for maxLines := 1; maxLines <= 3; maxLines++ {
			records, multiline, fault := oracle.MachineLimited(input, ',', maxLines)
			for _, size := range []int{0, 1 + len(s)%7} {
				o := named
				o.Limits.MaxRecordLines, o.BufferSize = maxLines, size
				r.Reset(&corpus.Pieces{Data: input, Sizes: []int{1 + len(s)%3, 100}}, o)
				agree(t, string(input), r, records[1:], fault)
				if got := r.Stats().Multiline; fault == nil && got != uint64(multiline) {
					t.Fatalf("%q: %d records span lines, want %d", input, got, multiline)
				}
				tried++
			}
			if fault != nil && fault.Kind == "lines" {
				refused++
			}
		}
	})
	if refused == 0 {
		t.Error("no record had too many lines")
	}
	proof.Cases(t, "strings-lines", tried)
}

// A record may have the number of lines that is the limit, however the input is
// cut. With one more, the error has the position where the record begins.
func TestLineLimitOfRecord(t *testing.T) {
	for _, end := range []string{"\n", ""} {
		for name, tt := range map[string]struct {
			lines int
			want  error
		}{"the limit": {5, nil}, "one more": {6, parser.ErrTooManyLines}} {
			text := "p,e\nP1,a\nP2,\"" + strings.Repeat("\n", tt.lines-1) + "\"" + end
			for size := 1; size < 40; size++ {
				o := named
				o.Limits.MaxRecordLines, o.BufferSize = 5, size
				r := parser.NewReader(&corpus.Pieces{Data: []byte(text), Sizes: []int{size, 1}}, o)
				rows, err := readAll(r, 2)
				var s *parser.SyntaxError
				if !errors.Is(err, tt.want) || tt.want != nil && (!errors.As(err, &s) || s.Line != 3 || s.Offset != 9 || len(rows) != 1) {
					t.Fatalf("%s, ended by %q, pieces of %d: %d rows, %v", name, end, size, len(rows), err)
				}
			}
		}
	}
}

// A quote that is not closed within the limit of lines is reported as such,
// with and without a line feed at the end of the input.
func TestUnclosedQuoteWithinLineLimit(t *testing.T) {
	for text, want := range map[string]error{
		"p,e\nP1,\"\n\na":   parser.ErrUnclosedQuote, // three lines
		"p,e\nP1,\"\n\n":    parser.ErrUnclosedQuote,
		"p,e\nP1,\"\n\n\n":  parser.ErrTooManyLines,
		"p,e\nP1,\"\n\n\na": parser.ErrTooManyLines,
	} {
		for size := 1; size < 20; size++ {
			o := named
			o.Limits.MaxRecordLines, o.BufferSize = 3, size
			if _, err := readAll(parser.NewReader(strings.NewReader(text), o), 2); !errors.Is(err, want) {
				t.Errorf("%q, buffer of %d: got %v, want %v", text, size, err, want)
			}
		}
	}
}
