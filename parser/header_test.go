package parser_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"fastcount/parser"
)

// The error for a missing column suggests a similar column name or another
// delimiter. It does not contain data.
func TestSuggestedColumns(t *testing.T) {
	for _, test := range []struct{ header, want string }{
		{"Patient_ID,event_type", `; did you mean "Patient_ID"?`},
		{" patient_id ,event_type", `; did you mean " patient_id "?`},
		{"patientid,event_type", `; did you mean "patientid"?`},
		{"patient_di,event_type", `; did you mean "patient_di"?`},
		{"subject,event_type", ""},
		{"patient_id;event_type", `; the header seems to be separated by ';'`},
		{`PATIENT_ID | event_type`, `; the header seems to be separated by '|'`},
		{"event_type\tpatient_id", `; the header seems to be separated by '\t'`},
		{"patient_01,hr", ""},
		{"P1,hr", ""},
	} {
		r := parser.NewReader(strings.NewReader(test.header+"\n"), parser.Config{Columns: []parser.Selector{{Name: "patient_id"}}})
		err := r.Begin()
		if err == nil {
			t.Errorf("%q: no error", test.header)
			continue
		}
		_, got, _ := strings.Cut(err.Error(), ")")
		if got, _, _ = strings.Cut(got, "; first record looks like data"); got != test.want {
			t.Errorf("%q: got %q, want %q", test.header, got, test.want)
		}
	}
}

// The error for an input in another dialect has the rules that it needs,
// however the input arrives.
func TestSuggestedDialects(t *testing.T) {
	const head = "patient_id,event_type,note\n"
	for _, test := range []struct {
		input, seen string
		try         parser.Dialect
	}{
		{head + "P1,hr,5\" tube\n", "", parser.Dialect{NoQuote: true}},
		{head + "P1,hr,=\"001\"\n", "; = precedes it", parser.Dialect{NoQuote: true}},
		{head + "P1, \"hr\",x\n", "; only blanks precede it", parser.Dialect{Trim: true}},
		{head + "P1,\"hr\" ,x\n", "; a blank follows it", parser.Dialect{Trim: true}},
		{head + "P1,hr,\"she said \\\"stop\\\"\"\n", "; a backslash precedes it", parser.Dialect{Escape: '\\'}},
		{head + "P1,hr,\"x\"y\n", "", parser.Dialect{NoQuote: true}},
		{head + "P1,hr,\"x\n", "", parser.Dialect{NoQuote: true}},
		{head + "P1,hr,x,\r\n", "; the last one is empty", parser.Dialect{Ragged: true}},
		{"", "", parser.Dialect{SkipEmpty: true}},
		{"sep=;\npatient_id;event_type\n", "; the first record is a \"sep=\" line", parser.Dialect{SkipLines: 1, Delimiter: ";"}},
		{"SEP=,\npatient_id,event_type\n", "; the first record is a \"sep=\" line", parser.Dialect{SkipLines: 1}},
		{"patient_id;event_type\nP1;hr\n", "; the header seems to be separated by ';'", parser.Dialect{Delimiter: ";"}},
		{"Patienten-ID;Datum;Wert, gemessen\nP1;1.2.2026;3\n", "missing column", parser.Dialect{Delimiter: ";"}},
		{"patient_id , event_type\nP1,hr\n", `; did you mean "patient_id "?`, parser.Dialect{Trim: true}},
		{"P1,2026-01-01,hr\n", "first record looks like data", parser.Dialect{NoHeader: true}},
	} {
		for _, size := range []int{1, 3, 0} {
			cfg := ids
			cfg.BufferSize = size
			r := parser.NewReader(strings.NewReader(test.input), cfg)
			_, err := readAll(r, 2)
			var s *parser.SyntaxError
			if !errors.As(err, &s) || s.Try == nil || !reflect.DeepEqual(*s.Try, test.try) || !strings.Contains(s.Error(), test.seen) {
				t.Errorf("%q, buffer of %d: got %v with %+v, want %q with %+v", test.input, size, err, s.Try, test.seen, test.try)
			}
		}
	}
	for _, input := range []string{head + "P1,hr\n", head + "P1,hr,x,y\n", head + head, "a,b\nc,d\n", "\"subject,kind\"\n", "subject;x,event_type\n", "\n", head + "\xef\xbb\xbfP1,hr,x\n"} {
		_, err := readAll(parser.NewReader(strings.NewReader(input), ids), 2)
		var s *parser.SyntaxError
		if !errors.As(err, &s) || s.Try != nil {
			t.Errorf("%q: got %v, %+v", input, err, s.Try)
		}
	}
}

// A header in a later line is found if the line holds the names of all columns.
func TestSuggestedLines(t *testing.T) {
	const head = "x,patient_id,event_type\n"
	for input, want := range map[string]int{
		"title\n" + head:                         1,
		"a,b,c\n\n\"q\n" + head + "1,2,3\n":      3,
		strings.Repeat("t\n", 99) + head:         99,
		strings.Repeat("t\n", 100) + head:        0,
		"title\npatient_id,x\n":                  0,
		"title\n\"patient_id\",\"event_type\"\n": 1,
		"title\npatient_id,event_type":           1,
	} {
		err := parser.NewReader(strings.NewReader(input), ids).Begin()
		var s *parser.SyntaxError
		if !errors.As(err, &s) || !errors.Is(err, parser.ErrMissingColumn) {
			t.Fatalf("%q: got %v", input, err)
		}
		if got := s.Try; (got != nil) != (want > 0) || got != nil && got.SkipLines != want {
			t.Errorf("%q: got %+v, want %d", input, got, want)
		}
	}
	for input, want := range map[string]int{"HDR|1\nP1|t|hr\n": 1, "HDR|1\nP1|t\n": 0, "HDR|1": 0, "\n\nHDR\nP1|t|hr|60": 3} {
		cfg := parser.Config{Dialect: parser.Dialect{NoHeader: true, Delimiter: "|"}, Columns: []parser.Selector{{Number: 3}}}
		err := parser.NewReader(strings.NewReader(input), cfg).Begin()
		var s *parser.SyntaxError
		if !errors.As(err, &s) || (s.Try != nil) != (want > 0) || s.Try != nil && s.Try.SkipLines != want {
			t.Errorf("%q: got %v, %+v, want %d", input, err, s, want)
		}
	}
	cfg := ids
	cfg.Dialect.SkipLines = 1
	err := parser.NewReader(strings.NewReader("\"\ntitle\n"+head), cfg).Begin()
	var s *parser.SyntaxError
	if !errors.As(err, &s) || s.Try == nil || s.Try.SkipLines != 2 {
		t.Errorf("after a line that is skipped: got %v, %+v", err, s)
	}
}

// Unterminated does not depend on the size of the buffer.
func TestUnterminated(t *testing.T) {
	for text, want := range map[string]bool{
		"patient_id\nP1\n":     false,
		"patient_id\nP1":       true,
		"patient_id\nP1\r\n":   false,
		"patient_id\nP1\n\n":   false,
		"patient_id\n\"P\n1\"": true,
		"patient_id\n":         false,
		"patient_id":           true,
	} {
		for size := 1; size < 40; size++ {
			r := parser.NewReader(strings.NewReader(text), parser.Config{Columns: []parser.Selector{{Number: 1}}, BufferSize: size})
			var err error
			for err == nil {
				_, err = r.Next()
			}
			if got := r.Unterminated(); err != io.EOF || got != want {
				t.Errorf("%q, %d bytes at a time: got %v, %v", text, size, got, err)
			}
		}
	}
}

// A name in the header is unescaped, both where it is selected and where the
// header is repeated.
func TestNamesWithQuotes(t *testing.T) {
	const header = `"patient ""id""",event_type` + "\n"
	cfg := parser.Config{Columns: []parser.Selector{{Name: `patient "id"`}}}
	r := parser.NewReader(strings.NewReader(header+"P1,bp\n"), cfg)
	b, err := r.Next()
	if err != nil || b.Rows != 1 || string(r.Header().Name(0)) != `patient "id"` {
		t.Errorf("got %v, %v, name %q", b, err, r.Header().Name(0))
	}
	r = parser.NewReader(strings.NewReader(header+"P1,bp\n"+header), cfg)
	for err = nil; err == nil; {
		_, err = r.Next()
	}
	if !errors.Is(err, parser.ErrRepeatedHeader) {
		t.Errorf("a repeated header: got %v", err)
	}
}
