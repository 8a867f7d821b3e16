package parser_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// tokens are dialects, each with the tokens of which the inputs in it consist.
var tokens = map[string]struct {
	parser.Dialect
	tokens string // separated by blanks; ␠ means a blank
}{
	"no quotes":                  {parser.Dialect{NoQuote: true}, "a , \" \n \r"},
	"single quotes":              {parser.Dialect{Quote: '\''}, "a , ' \" \n \r"},
	"escape":                     {parser.Dialect{Escape: '\\'}, "a N , \" \\ \n \r"},
	"another escape":             {parser.Dialect{Escape: '^', Quote: '\''}, "a , ' ^ \n \\"},
	"escape without quotes":      {parser.Dialect{NoQuote: true, Escape: '\\'}, "a N , \\ \n \r"},
	"comment":                    {parser.Dialect{Comment: "#"}, "a , # \" \n \r"},
	"comment of two bytes":       {parser.Dialect{Comment: "//"}, "a , / \" \n"},
	"delimiter of two bytes":     {parser.Dialect{Delimiter: "||"}, "a | \" \n \r"},
	"delimiter of three bytes":   {parser.Dialect{Delimiter: "aba"}, "a b \" \n"},
	"delimiter NUL":              {parser.Dialect{Delimiter: "\x00"}, "a \x00 \" \n \r"},
	"delimiter that is a letter": {parser.Dialect{Delimiter: "\xc2\xa6"}, "a \xc2 \xa6 \" \n"},
	"trim":                       {parser.Dialect{Trim: true}, "a ␠ \t , \" \n \r"},
	"trim and tabs":              {parser.Dialect{Trim: true, Delimiter: "\t"}, "a ␠ \t \" \n"},
	"trim and blanks":            {parser.Dialect{Trim: true, Delimiter: "\t|\t"}, "a \t | \" \n"},
	"trim, escape":               {parser.Dialect{Trim: true, Escape: '\\'}, "N ␠ , \" \\ \n"},
	"trim, escape, no quotes":    {parser.Dialect{Trim: true, NoQuote: true, Escape: '\\'}, "N ␠ , \\ \n"},
	"ragged":                     {parser.Dialect{Ragged: true}, "a , \" \n \r"},
	"skip a line":                {parser.Dialect{SkipLines: 1}, "a , \" \n \r"},
	"skip two lines":             {parser.Dialect{SkipLines: 2, Comment: "#"}, "a , # \" \n"},
	"skip a row":                 {parser.Dialect{SkipRows: 1}, "a , \" \n \r"},
	"skip two rows, no header":   {parser.Dialect{SkipRows: 2, NoHeader: true}, "a , \" \n"},
	"skip a footer":              {parser.Dialect{SkipFooter: 1}, "a , \" \n \r"},
	"skip two footers":           {parser.Dialect{SkipFooter: 2, Comment: "#"}, "a , # \" \n"},
	"skip everywhere":            {parser.Dialect{SkipLines: 1, SkipRows: 1, SkipFooter: 1, NoHeader: true}, "a , \" \n"},
	"names":                      {parser.Dialect{Names: []string{"a", ""}}, "a , \" \n \r"},
	"names, trim":                {parser.Dialect{Names: []string{"a", "a"}, Trim: true, SkipRows: 1}, "a , ␠ \n"},
	"skip repeated headers":      {parser.Dialect{SkipRepeatedHeaders: true}, "p , e ␠ \" \n"},
	"skip names":                 {parser.Dialect{SkipRepeatedHeaders: true, Names: []string{"p", "e"}, Ragged: true}, "p , e P \n"},
	"skip empty":                 {parser.Dialect{SkipEmpty: true}, "a , \n \r"},
}

// checkDialect compares the result of r with those of both oracles, for several
// ways in which the input arrives. selected are the columns that are read.
func checkDialect(t *testing.T, r *parser.Reader, input []byte, d parser.Dialect, selected ...int) {
	t.Helper()
	od := corpus.OracleDialect(d)
	want := oracle.Read(input, od, parser.DefaultMaxRecordLines, selected...)
	other, err := oracle.Translated(input, od, selected...)
	if !errors.Is(err, oracle.ErrNoSpareByte) && (err == nil) != (want.Fault == nil) {
		t.Fatalf("%+v, %q: the oracles have %+v and %v", d, input, want.Fault, err)
	}
	if err == nil {
		other.Header, other.Fault = want.Header, nil
		if !reflect.DeepEqual(other, want) {
			t.Fatalf("%+v, %q: the oracles have %+v and %+v", d, input, want, other)
		}
	}
	cfg := parser.Config{Dialect: d}
	for _, c := range selected {
		cfg.Columns = append(cfg.Columns, parser.Selector{Number: c + 1})
	}
	for _, size := range []int{0, 1 + len(input)%5} {
		cfg.BufferSize = size
		src := io.Reader(bytes.NewReader(input))
		windows := &corpus.Windows{Data: input, Sizes: []int{1 + len(input)%3, 2}}
		switch {
		case size > 0 && len(input)%2 == 0:
			src = &corpus.Pieces{Data: input, Sizes: windows.Sizes}
		case size > 0:
			src = windows
		}
		r.Reset(src, cfg)
		compareResult(t, fmt.Sprintf("%+v, %q, buffer of %d", d, input, size), r, want, selected)
		if windows.Modified {
			t.Fatalf("%+v, %q: a window was modified", d, input)
		}
	}
}

// compareResult compares what r reads with the result of the state machine.
func compareResult(t *testing.T, what string, r *parser.Reader, want oracle.Result, selected []int) {
	t.Helper()
	rows, err := readAll(r, len(selected))
	wantRows := make([][]string, len(want.Rows))
	for i, row := range want.Rows {
		for _, c := range selected {
			wantRows[i] = append(wantRows[i], row[c])
		}
	}
	if !slices.EqualFunc(rows, wantRows, slices.Equal) {
		t.Fatalf("%s: got %q, %v, want %q, %v", what, rows, err, wantRows, want.Fault)
	}
	if f := want.Fault; f != nil {
		var s *parser.SyntaxError
		if !errors.As(err, &s) || !errors.Is(err, corpus.Faults[f.Kind]) || s.Offset != int64(f.Offset) || s.Line != int64(f.Line) {
			t.Fatalf("%s: got %v, want %+v", what, err, f)
		}
		return
	}
	stats := parser.Stats{Multiline: uint64(want.Multiline), Ragged: uint64(want.Ragged), Comments: uint64(want.Comments),
		RepeatedHeaders: uint64(want.RepeatedHeaders), SkippedRows: uint64(want.SkippedRows), EmptyInputs: uint64(want.EmptyInputs)}
	if err != nil || r.Stats() != stats {
		t.Fatalf("%s: got %v, %+v, want %+v", what, err, r.Stats(), stats)
	}
}

// Every short string of the bytes that have a meaning in a dialect has the
// result of both oracles, alone and after a header with two columns.
func TestStringsOfDialects(t *testing.T) {
	for name, tt := range tokens {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tried := 0
			r := parser.NewReader(nil, parser.Config{})
			delimiter := corpus.OracleDialect(tt.Dialect).Delimiter
			head := strings.Repeat("\"x\n", tt.SkipLines) + "p" + delimiter + "e\n"
			alphabet := strings.Split(tt.tokens, " ")
			for i := range alphabet {
				alphabet[i] = strings.ReplaceAll(alphabet[i], "␠", " ")
			}
			eachTokenString(proof.Bound(4, 6), alphabet, func(s []byte) {
				checkDialect(t, r, s, tt.Dialect, 0)
				if !tt.NoHeader && tt.Names == nil || len(tt.Names) == 2 {
					checkDialect(t, r, append([]byte(head), s...), tt.Dialect, 0, 1)
				}
				tried++
			})
			proof.Cases(t, "strings-dialects", tried)
		})
	}
}

// Random inputs in random dialects have the result of both oracles.
func TestRandomDialects(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(12, 1))
	r := parser.NewReader(nil, parser.Config{})
	good, bad := 0, 0
	for range proof.Bound(20_000, 300_000) {
		d := corpus.RandomDialect(rng)
		input := corpus.RandomInput(rng, d)
		checkDialect(t, r, input, d, 0)
		if oracle.Read(input, corpus.OracleDialect(d), parser.DefaultMaxRecordLines, 0).Fault == nil {
			good++
		} else {
			bad++
		}
	}
	if good < bad/10 || bad < good/10 {
		t.Errorf("%d inputs can be read and %d cannot: want more of both", good, bad)
	}
	proof.Cases(t, "random-dialects", good+bad)
}

// A line that is skipped, a comment and a record of the footer are limited as
// every record is, so that memory is bounded.
func TestLimitsOfDialects(t *testing.T) {
	const head = "p,e\n"
	long := strings.Repeat("x", 20)
	for name, tt := range map[string]struct {
		input string
		d     parser.Dialect
		want  error
		at    int64
	}{
		"comment of the limit":      {head + "#" + long[1:] + "\nP1,a\n", parser.Dialect{Comment: "#"}, nil, 0},
		"comment over the limit":    {head + "#" + long + "\nP1,a\n", parser.Dialect{Comment: "#"}, parser.ErrRecordTooLong, 4},
		"comment without an end":    {head + "#" + long + long, parser.Dialect{Comment: "#"}, parser.ErrRecordTooLong, 4},
		"line of the limit":         {long + "\n" + head + "P1,a\n", parser.Dialect{SkipLines: 1}, nil, 0},
		"line over the limit":       {long + "x\n" + head + "P1,a\n", parser.Dialect{SkipLines: 1}, parser.ErrRecordTooLong, 0},
		"second line over it":       {"\n" + long + "x\n" + head, parser.Dialect{SkipLines: 2}, parser.ErrRecordTooLong, 1},
		"row of the limit":          {head + long + "\nP1,a\n", parser.Dialect{SkipRows: 1}, nil, 0},
		"row over the limit":        {head + long + "x\nP1,a\n", parser.Dialect{SkipRows: 1}, parser.ErrRecordTooLong, 4},
		"footer of the limit":       {head + "P1,a\n" + long + "\n", parser.Dialect{SkipFooter: 1}, nil, 0},
		"footer over the limit":     {head + "P1,a\n" + long + "x\n", parser.Dialect{SkipFooter: 1}, parser.ErrRecordTooLong, 9},
		"escaped line of the limit": {head + "P1," + strings.Repeat("\\\n", 8) + "a\n", parser.Dialect{NoQuote: true, Escape: '\\'}, nil, 0},
		"escaped line over it":      {head + "P1," + strings.Repeat("\\\n", 9) + "a\n", parser.Dialect{NoQuote: true, Escape: '\\'}, parser.ErrRecordTooLong, 4},
	} {
		for size := 1; size < 64; size++ {
			cfg := named
			cfg.Dialect, cfg.Limits.MaxRecord, cfg.BufferSize = tt.d, 20, size
			rows, err := readAll(parser.NewReader(&corpus.Pieces{Data: []byte(tt.input), Sizes: []int{size, 1}}, cfg), 2)
			var s *parser.SyntaxError
			if !errors.Is(err, tt.want) || tt.want == nil && len(rows) != 1 || errors.As(err, &s) && s.Offset != tt.at {
				t.Fatalf("%s, buffer of %d: got %q, %v, want %v at %d", name, size, rows, err, tt.want, tt.at)
			}
		}
	}
	cfg := parser.Config{Dialect: parser.Dialect{Names: make([]string, 5)}, Limits: parser.Limits{MaxColumns: 4}}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "limit of columns is 4") {
		t.Errorf("got %v", err)
	}
}

// Dialects whose rules contradict each other are not valid.
func TestInvalidDialects(t *testing.T) {
	for want, d := range map[string]parser.Dialect{
		"longer than 8 bytes":             {Delimiter: "123456789"},
		"contains a line end":             {Delimiter: "a\n"},
		"although there are no quotes":    {NoQuote: true, Quote: '\''},
		`quote '"': part of`:              {Delimiter: `"`},
		`quote 'a': a letter`:             {Quote: 'a'},
		`quote ' ': a letter`:             {Quote: ' '},
		`quote 'é': not an ASCII`:         {Quote: 0xe9},
		`escape '|': part of`:             {Delimiter: "||", Escape: '|'},
		"the same as the quote":           {Escape: '"'},
		`escape '\n': a letter`:           {Escape: '\n'},
		"negative number":                 {SkipLines: -1},
		"negative number of lines":        {SkipRows: -1},
		"lines or records to skip":        {SkipFooter: -1},
		"the maximum is 100":              {SkipFooter: 101},
		"input without column names":      {NoHeader: true, SkipRepeatedHeaders: true},
		"comment \"123456789\": longer":   {Comment: "123456789"},
		"comment \"#\\r\": contains":      {Comment: "#\r"},
		"begins with the quote or":        {Comment: `"x`},
		"comment \"\\\\\": begins":        {Comment: `\`, Escape: '\\'},
		"comment \"|\": begins as the":    {Comment: "|", Delimiter: "||"},
		"comment \",,\": begins as the":   {Comment: ",,"},
		"begins with a byte order mark":   {Comment: "\xef\xbb\xbf#"},
		"begins with a blank":             {Comment: " #", Trim: true},
		"no column names, although there": {Names: []string{}},
	} {
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", d, err, want)
		}
	}
	for _, d := range []parser.Dialect{{}, {Delimiter: "\x00"}, {Delimiter: "¦"}, {Quote: '\x01'}, {Comment: " #"}, {Comment: "REM "},
		{NoHeader: true, Names: []string{"a"}, SkipRepeatedHeaders: true}, {Delimiter: " ", Trim: true}, {Delimiter: `"`, NoQuote: true}, {SkipFooter: 100}} {
		if err := d.Validate(); err != nil {
			t.Errorf("%+v: got %v", d, err)
		}
	}
}
