package result_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"fastcount/internal/partial"
	"fastcount/internal/result"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

func TestMalformed(t *testing.T) {
	const head = `{"by":["p","e"],"counts":{`
	for text, want := range map[string]string{
		head + `"b":{"x":1},"a":{"x":1}},"total":2}`:          "groups out of order",
		head + `"a":{"x":1},"a":{"y":1}},"total":2}`:          "groups out of order",
		head + `"a":{"x":1,"x":1}},"total":2}`:                "groups out of order",
		head + `"a":{"y":1,"x":1}},"total":2}`:                "groups out of order",
		head + `"a":{"x":0}},"total":0}`:                      "byte 36: invalid count",
		head + `"a":{"x":01}},"total":1}`:                     "invalid count",
		head + `"a":{"x":-1}},"total":1}`:                     "invalid count",
		head + `"a":{"x":1.5}},"total":1}`:                    "want , or }",
		head + `"a":{"x":18446744073709551616}},"total":1}`:   "invalid count",
		head + `"a":{"x":"1"}},"total":1}`:                    "invalid count",
		head + `"a":{"x":{"y":1}}},"total":1}`:                "invalid count",
		head + `"a":1},"total":1}`:                            "want {",
		head + `"a":{}},"total":0}`:                           "object without counts",
		head + `"a":{"x":1}},"total":2}`:                      "the total is not the sum",
		head + `"a":{"x":1}}}`:                                "want ,",
		head + `"a":{"x":1}},"totals":{"x":1}}`:               "want the member total",
		head + `"a":{"x":1}},"total":1}x`:                     "want the end of the file",
		head + "\"a\":{\"x\":1}},\"total\":1}\x00":            "want the end of the file",
		head + `"a":{"x":1}},"total":1,"more":1}`:             "want the member incomplete",
		head + `"a":{"x":1}},"total":1,"incomplete":[]}`:      "nothing is missing",
		head + `"a":{"x":1,}},"total":1}`:                     "want a string",
		head + "\"a\xff\":{\"x\":1}},\"total\":1}":            "not valid UTF-8",
		head + `"\ud800":{"x":1}},"total":1}`:                 "lone surrogate",
		head + `"\ud800\u0041":{"x":1}},"total":1}`:           "lone surrogate",
		head + `"\uZZZZ":{"x":1}},"total":1}`:                 "invalid escape",
		head + `"\x":{"x":1}},"total":1}`:                     "invalid escape",
		head + "\"a\nb\":{\"x\":1}},\"total\":1}":             "control character",
		head + `"a":{"x":18446744073709551615,"y":1}},"t":1}`: "too many rows",
		head: "unexpected end of file",
		"\ufeff" + head + `"a":{"x":0}},"total":0}`:                          "byte 39: invalid count",
		`{"by":["p","p"],"counts":{},"total":0}`:                             "1 to 8 key columns of different names",
		`{"by":[""],"counts":{},"total":0}`:                                  "key column without a name",
		"e,,count\na,b,1\n":                                                  "key column without a name",
		"count,count\na,1\n":                                                 "a key column has the name of the counts",
		"{\"count\":\"a\",\"count\":1}\n":                                    "a key column has the name of the counts",
		`{"by":[],"counts":{},"total":0}`:                                    "1 to 8 key columns",
		"{\"by\":[\"p\xff\"],\"counts\":{},\"total\":0}":                     "name of a key column is not valid UTF-8",
		"{\"e\xff\":\"a\",\"count\":1}\n":                                    "name of a key column is not valid UTF-8",
		"e\xff,count\na,1\n":                                                 "name of a key column is not valid UTF-8",
		`{"by":["1","2","3","4","5","6","7","8","9"],"counts":{},"total":0}`: "more than 8 key columns",
		`{"patients":{"a":{"x":1}},"totals":{"x":2}}`:                        "a total is not the sum",
		`{"patients":{"a":{"x":1}},"totals":{}}`:                             "a total is missing",
		`{"patients":{"a":{"x":1,"y":1}},"totals":{"y":1,"x":1}}`:            "a total is not the sum",
		`{"patients":{"a":{"x":1}},"totals":{"x":1,"y":1}}`:                  "a total is not the sum",
		"{\"e\":\"a\",\"count\":1}":                                          "unexpected end of file",
		"{\"e\":\"a\",\"count\":1}{\"e\":\"b\",\"count\":1}\n":               "text after the object",
		"{\"e\":\"a\",\"count\":1}\n{\"f\":\"b\",\"count\":1}\n":             "line 2: other members",
		"{\"e\":\"a\",\"count\":1}\n{\"e\":\"b\",\"n\":1}\n":                 "line 2: other members",
		"{\"e\":\"b\",\"count\":1}\n\n{\"e\":\"a\",\"count\":1}\n":           "groups out of order",
		"{\"e\":\"a\",\"count\":1}\n{\"incomplete\":[]}\n":                   "nothing is missing",
		"{\"e\":\"a\",\"count\":1}\n{\"incomplete\":[{\"source\":\"x\",\"reason\":\"y\"}]}\n{\"e\":\"b\",\"count\":1}\n": "want the end of the file",
		"e,count\nb,1\na,1\n": "line 3, byte 12: groups out of order",
		"e,count\na,1\na,1\n": "groups out of order",
		"e,count\na,\n":       "invalid count",
		"e,count\na,1.0\n":    "invalid count",
		"e,count\na, 1\n":     "invalid count",
		"e,count\na,1":        "unexpected end of file",
		"e,count\n\xff,1\n":   "not valid UTF-8",
		"e,count\na,1,2\n":    "line 2, byte 8: wrong number of fields",
		"e,count\na\"b,1\n":   "bare quote",
	} {
		_, _, err := read(strings.NewReader(text))
		if !errors.Is(err, result.ErrMalformed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestNotResults(t *testing.T) {
	var html, table, markdown, totals bytes.Buffer
	for b, s := range map[*bytes.Buffer]sinks.Sink{&html: sinks.HTML{}, &table: sinks.Table{}, &markdown: sinks.Markdown{}, &totals: sinks.Totals{}} {
		if err := s.Write(b, sinktest.Demo()); err != nil {
			t.Fatal(err)
		}
	}
	var totalsOfOne bytes.Buffer
	if err := (sinks.Totals{}).Write(&totalsOfOne, sinktest.ReportBy([]string{"e"}, sinktest.Group{Values: []string{"a"}, Count: 1})); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                                       "empty",
		html.String():                            "an HTML page",
		table.String():                           "a table for reading",
		totalsOfOne.String():                     "it has totals alone",
		markdown.String():                        "a Markdown table",
		totals.String():                          "it has totals alone",
		`{"fastcount":"plan","version":1}`:       "a plan",
		`{"fastcount":"checkpoint"}`:             "another file of fastcount",
		`{"exports":[]}`:                         "JSON of another kind",
		`{"a":1}`:                                "JSON of another kind",
		`{"patients":[]}`:                        "JSON of another kind",
		`{}`:                                     "not JSON",
		"{\"incomplete\":[]}\n":                  "begins with the member incomplete",
		"\ufeff{\"a\":1}":                        "JSON of another kind",
		"\ufeff \n{}":                            "not JSON",
		"{\"a\":\"b\"}\n":                        "NDJSON without counts",
		"{\"a\":\"b\",\"n\":1}\n":                "NDJSON of another kind",
		"patient_id,event_type,value\nP1,bp,3\n": "last column is not count",
		"count\n1\n":                             "text without columns",
		"e,old,new\na,1,2\n":                     "the differences of two results",
		"text\n":                                 "text without columns",
		"e;count\r\na;1\r\n":                     "CSV with another delimiter than a comma",
		"p\te\tcount\na\tb\t1\n":                 "CSV with another delimiter than a comma",
		"e  q\"q  total\n":                       "not CSV: line 1, byte 4: bare quote",
		"\n":                                     "not CSV: line 2, byte 1: empty input",
	} {
		_, _, err := read(strings.NewReader(text))
		if n, ok := errors.AsType[*result.NotResultError](err); !ok || !strings.Contains(err.Error(), want) || n.Hint == "" {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]error{
		`{"fastcount":"partial result","version":9}` + "\n": partial.ErrVersion,
		`{"fastcount":"partial result","version":2}` + "\n": partial.ErrCorrupt,
	} {
		if _, _, err := read(strings.NewReader(text)); !errors.Is(err, want) {
			t.Errorf("%.40q: got %v, want %v", text, err, want)
		}
	}
}

// TestCuts checks that the beginning of a result is not read as a result,
// except for whole lines of CSV and NDJSON, which do not show their end.
func TestCuts(t *testing.T) {
	for name, text := range written(t, sinktest.Demo()) {
		for end := range len(text) {
			_, _, err := read(bytes.NewReader(text[:end]))
			lines := (name == "csv" || name == "ndjson") && end > 0 && text[end-1] == '\n'
			if name == "json" && end == len(text)-1 {
				continue // without the last line feed
			}
			if name == "compact" && end == len(text)-1 {
				continue
			}
			if (err == nil) != lines {
				t.Errorf("%s: cut at %d: %v", name, end, err)
			}
		}
	}
}

// TestErrorsOfReaders checks that the error of a source is returned, not what
// results from it.
func TestErrorsOfReaders(t *testing.T) {
	failure := errors.New("broken pipe")
	for name, text := range written(t, sinktest.Demo()) {
		for end := range len(text) {
			in := io.MultiReader(bytes.NewReader(text[:end]), iotest.ErrReader(failure))
			r, _, err := read(in)
			if !errors.Is(err, failure) {
				t.Fatalf("%s: after %d bytes: %v", name, end, err)
			}
			if r == nil {
				continue
			}
			if _, _, again := r.Next(); again != err {
				t.Errorf("%s: then %v", name, again)
			}
		}
	}
}
