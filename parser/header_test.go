package parser_test

import (
	"errors"
	"io"
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
