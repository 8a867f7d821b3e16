package parser_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"fastcount/internal/simd"
	"fastcount/parser"
)

// timed selects the event type and a prefix of the time.
func timed(bucket string) parser.Config {
	return parser.Config{Columns: []parser.Selector{{Name: "e"}, {Name: "t"}}, Buckets: []string{"", bucket}}
}

// readTimes returns all rows as text, and the error. It fails the test unless
// every kernel, and an input that arrives byte by byte, give the same.
func readTimes(t *testing.T, input string, cfg parser.Config) string {
	t.Helper()
	var want string
	check := func(r *parser.Reader) {
		rows, err := readAll(r, len(cfg.Columns))
		got := fmt.Sprint(rows)
		if err != nil {
			got += " " + err.Error()
		}
		if want != "" && got != want {
			t.Errorf("%q: got %s and %s", input, got, want)
		}
		want = got
	}
	for _, k := range simd.Kernels() {
		if k.Available {
			r := parser.NewReader(strings.NewReader(input), cfg)
			r.UseKernel(k)
			check(r)
		}
	}
	check(parser.NewReader(iotest.OneByteReader(strings.NewReader(input)), cfg))
	return want
}

func TestBuckets(t *testing.T) {
	for _, c := range []struct{ rows, bucket, want string }{
		{"a,2026-01-31T10:20:30Z\nb,2026-02-01\n", "day", "[[a 2026-01-31] [b 2026-02-01]]"},
		{"a,2026-01-31T10:20:30Z\r\nb,20260201 11\r\n", "hour", "[[a 2026-01-31T10] [b 20260201 11]]"},
		{"a,\"2026-01-31T10:20:30Z\"\n\"b\"\"\",2026-02-01\n", "month", `[[a 2026-01] [b" 2026-02]]`},
		{"a,\"2026-01-31\"", "year", "[[a 2026]]"},
		{"a,2026-01-31\nb,2026-02-30\n", "month", "[[a 2026-01]] line 3, byte 19: not an ISO 8601 date or time"},
		{"\"a\n\",2026-01-31\nb,\"\"\n", "month", "[[a\n 2026-01]] line 4, byte 23: not an ISO 8601 date or time"},
		{"a,2026-01-31\n", "hour", "[] line 2, byte 6: not an ISO 8601 date or time with an hour"},
		{"a,2026-01-31\nb\n", "day", "[[a 2026-01-31]] line 3, byte 17: wrong number of fields: got 1, want 2"},
		{"a,x\nb\n", "day", "[] line 2, byte 6: not an ISO 8601 date or time"},
		{"a,2026-01-31\ne,t\n", "day", "[[a 2026-01-31]] line 3, byte 17: header repeated as a row"},
		{"a,2026-01-31\n T,E\n", "day", "[[a 2026-01-31]] line 3, byte 17: header repeated as a row"},
		{"a,2026-01-31\ne,x\n", "day", "[[a 2026-01-31]] line 3, byte 19: not an ISO 8601 date or time"},
	} {
		if got := readTimes(t, "e,t\n"+c.rows, timed(c.bucket)); got != c.want {
			t.Errorf("%s of %q: got %s, want %s", c.bucket, c.rows, got, c.want)
		}
	}
}

// A column can be selected with several units, and as a whole, also if its
// fields contain escapes.
func TestBucketsOfOneColumn(t *testing.T) {
	cfg := parser.Config{
		Dialect: parser.Dialect{Escape: '\\'},
		Columns: []parser.Selector{{Name: "t"}, {Name: "t"}, {Name: "t"}, {Name: "e"}},
		Buckets: []string{"hour", "", "year", ""},
	}
	const want = "[[2026-01-31T10 2026-01-31T10:20:30Z 2026 a]]"
	for _, row := range []string{"a,2026-01-31T10:20:30Z\n", "a,\"2026-01-31T10:20:30Z\"\n", "\"\\a\",\"2026\\-01-31T10:\\20:30Z\"\n"} {
		if got := readTimes(t, "e,t\n"+row, cfg); got != want {
			t.Errorf("%q: got %s", row, got)
		}
	}
}

// Config.Reject is called for each row without a time, with its position.
func TestRejectedTimes(t *testing.T) {
	rows := []string{"a,2026-01-31", "b,", "c,\"x\ny\"", "d", "e,2026-02-01", "f,\\N", "\"g\",2026-02-01"}
	var rejected []string
	cfg := timed("day")
	cfg.Reject = func(err *parser.SyntaxError, record []byte) error {
		if !errors.Is(err, parser.ErrInvalidTime) && !errors.Is(err, parser.ErrFieldCount) {
			t.Errorf("got %v", err)
		}
		rejected = append(rejected, fmt.Sprintf("%q at %d", record, err.Offset))
		return nil
	}
	r := parser.NewReader(strings.NewReader("e,t\n"+strings.Join(rows, "\n")), cfg)
	got, err := readAll(r, 2)
	if err != nil || fmt.Sprint(got) != "[[a 2026-01-31] [e 2026-02-01] [g 2026-02-01]]" {
		t.Errorf("got %v, %v", got, err)
	}
	if want := `["b," at 17 "c,\"x\ny\"" at 20 "d" at 28 "f,\\N" at 43]`; fmt.Sprint(rejected) != want {
		t.Errorf("rejected %v, want %v", rejected, want)
	}
	if r.Stats().Multiline != 1 {
		t.Errorf("got %+v", r.Stats())
	}
}

// Repeated headers are skipped before times are checked.
func TestSkippedHeadersWithTimes(t *testing.T) {
	cfg := timed("day")
	cfg.Dialect.SkipRepeatedHeaders = true
	if got := readTimes(t, "e,t\na,2026-01-31\ne,t\nE,T\nb,2026-02-01\n", cfg); got != "[[a 2026-01-31] [b 2026-02-01]]" {
		t.Errorf("got %s", got)
	}
}

func TestBucketOfFact(t *testing.T) {
	cfg := parser.Config{Columns: []parser.Selector{{Name: "e"}, {Fact: "name"}}, Buckets: []string{"", "month"}}
	for name, want := range map[string]string{
		"2026-01-31":  "2026-01",
		"export-2026": `line 1, byte 0: @name: not an ISO 8601 date or time`,
	} {
		cfg.Facts = map[string]string{"name": name}
		b, err := parser.NewReader(strings.NewReader("e,t\na,b\n"), cfg).Next()
		if err != nil {
			if err.Error() != want || !errors.Is(err, parser.ErrInvalidTime) {
				t.Errorf("%s: got %v", name, err)
			}
		} else if got := string(b.Columns[1].Constant); got != want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestInvalidBuckets(t *testing.T) {
	for _, buckets := range [][]string{{"day"}, {"", "Day"}, {"", "week"}, {"", "", ""}} {
		if (parser.Config{Columns: timed("day").Columns, Buckets: buckets}).Validate() == nil {
			t.Errorf("%q is accepted", buckets)
		}
	}
}
