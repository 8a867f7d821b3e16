package sinks_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"fastcount/engine"
	"fastcount/parser"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

func TestJSONOfAnIncompleteReport(t *testing.T) {
	want := strings.TrimSuffix(demoJSON, "\n}\n") + `,
  "incomplete": [
    {
      "source": "ward-1.csv",
      "reason": "cut short\r\n\u001b[2J\u0085` + "\u202e" + `\\xff, \"sorry\""
    },
    {
      "source": "ward-2.csv",
      "reason": "18784 rows counted, 18785 declared by the server's metadata"
    },
    {
      "source": "ward-2.csv",
      "reason": "1 row with a wrong number of fields left out"
    }
  ]
}
`
	if got := render(t, sinks.JSON{}, sinktest.Incomplete()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestJSONOfAnIncompleteReportOnALine(t *testing.T) {
	r := missing(&engine.PartError{Part: "a\xff.csv", Err: errors.New("no such file")}, &engine.PartError{Part: "", Err: errors.New("")})
	const list = `"incomplete":[{"source":"a\\xff.csv","reason":"no such file"},{"source":"","reason":""}]`
	for _, tt := range []struct {
		sink sinks.Sink
		want string
	}{
		{sinks.JSON{Compact: true}, `{"patients":{"a":{"x":1}},"totals":{"x":1},` + list + "}\n"},
		{sinks.NDJSON{}, `{"patient_id":"a","event_type":"x","count":1}` + "\n{" + list + "}\n"},
	} {
		if got := render(t, tt.sink, r); got != tt.want {
			t.Errorf("%T: got %swant %s", tt.sink, got, tt.want)
		}
	}
	none := sinktest.Report(nil)
	none.Incomplete = r.Incomplete[1:]
	if got, want := render(t, sinks.NDJSON{}, none), `{"incomplete":[{"source":"","reason":""}]}`+"\n"; got != want {
		t.Errorf("without a count: got %swant %s", got, want)
	}
}

func missing(list ...*engine.PartError) *engine.Report {
	r := sinktest.Report(counts{"a": {"x": 1}})
	r.Incomplete = list
	return r
}

// TestJSONListsWhatIsMissing parses the list of what is missing.
func TestJSONListsWhatIsMissing(t *testing.T) {
	type list struct {
		Incomplete []struct{ Source, Reason string }
	}
	r := sinktest.Incomplete()
	ndjson := strings.Split(render(t, sinks.NDJSON{}, r), "\n")
	for name, text := range map[string]string{
		"json":    render(t, sinks.JSON{}, r),
		"compact": render(t, sinks.JSON{Compact: true}, r),
		"ndjson":  ndjson[len(ndjson)-2],
	} {
		var got list
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(got.Incomplete) != len(r.Incomplete) {
			t.Fatalf("%s: %d entries, want %d", name, len(got.Incomplete), len(r.Incomplete))
		}
		for i, s := range r.Incomplete {
			want := strings.ReplaceAll(s.Err.Error(), "\xff", `\xff`)
			if g := got.Incomplete[i]; g.Source != s.Part || g.Reason != want {
				t.Errorf("%s: entry %d is %q, want %q, %q", name, i, g, s.Part, want)
			}
		}
	}
}

// TestCompleteReportsAreNotMarked checks that an empty list of missing parts is
// treated like nil.
func TestCompleteReportsAreNotMarked(t *testing.T) {
	r := sinktest.Demo()
	r.Incomplete = []*engine.PartError{}
	for _, s := range []sinks.Sink{sinks.JSON{}, sinks.JSON{Compact: true}, sinks.NDJSON{}, sinks.Table{}, sinks.HTML{}, sinks.CSV{}} {
		got := render(t, s, r)
		if want := render(t, s, sinktest.Demo()); got != want || strings.Contains(strings.ToLower(got), "incomplete") {
			t.Errorf("%T: got\n%s", s, got)
		}
	}
}

func TestTableOfAnIncompleteReport(t *testing.T) {
	r := missing(
		&engine.PartError{Part: "b.csv", Err: errors.New("line 3, byte 20: \x1b[2Jbare\n\u202e\" \xff")},
		&engine.PartError{Part: "c d\t.csv", Err: errors.New("x")},
	)
	const banner = `INCOMPLETE RESULT; missing:
  b.csv: line 3, byte 20: \x1b[2Jbare\n\u202e" \xff
  c d\t.csv: x
`
	const table = `patient   x  total  event types   share
a         1      1            1  100.0%
totals    1      1            1  100.0%
patients  1      1
`
	if got, want := render(t, sinks.Table{Width: 40}, r), banner+table+banner; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	coloured := render(t, sinks.Table{Width: 40, Color: true}, r)
	const line = "\x1b[1;31mINCOMPLETE RESULT; missing:\x1b[0m\n"
	if !strings.HasPrefix(coloured, line) || strings.Count(coloured, line) != 2 || !strings.HasSuffix(coloured, "\x1b[1;31m  c d\\t.csv: x\x1b[0m\n") {
		t.Errorf("in colour:\n%s", coloured)
	}
}

func TestTableListsTheFirstMissingParts(t *testing.T) {
	for n, want := range map[int]string{10: "", 11: "  and 1 more\n", 2010: "  and 2,000 more\n"} {
		r := missing()
		for i := range n {
			r.Incomplete = append(r.Incomplete, &engine.PartError{Part: fmt.Sprintf("part-%d", i), Err: errors.New("gone")})
		}
		got := render(t, sinks.Table{}, r)
		if strings.Count(got, "  part-") != 20 || strings.Count(got, "  and ") != strings.Count(want+want, "  and ") || !strings.HasSuffix(got, want) {
			t.Errorf("%d missing parts:\n%s", n, got)
		}
	}
}

func TestTableOfAnIncompleteReportIsSafe(t *testing.T) {
	for r := range rune(0x300) {
		s := &engine.PartError{Part: "a" + string(r) + "b", Err: errors.New("c" + string(r) + "d")}
		for line := range strings.Lines(render(t, sinks.Table{}, missing(s))) {
			if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q is printed as %q", r, line)
			}
		}
	}
}

func TestBadRows(t *testing.T) {
	row := func(part string, line, offset int64, record string) engine.BadRow {
		err := fmt.Errorf("%w: got 1, want 2", parser.ErrFieldCount)
		return engine.BadRow{Part: part, Err: &parser.SyntaxError{Line: line, Offset: offset, Column: 9, Err: err}, Record: []byte(record)}
	}
	const why = `"wrong number of fields: got 1, want 2"`
	tests := []struct{ name, record, want string }{
		{"plain", "P001;x", "P001;x"},
		{"fields", "P001,x,y", `"P001,x,y"`},
		{"quoted fields", `"a ""b""",c,d`, `"""a """"b"""""",c,d"`},
		{"line breaks in quotes", "\"a\r\nb\rc\nd\",,", "\"\"\"a\r\nb\rc\nd\"\",,\""},
		{"spaces", "  ", `"  "`},
		{"no UTF-8, no text", "\xff\x00\xfe\x1b,", "\"\xff\x00\xfe\x1b,\""},
		{"nothing", "", ""},
		{"a formula", "=1+1", "=1+1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &engine.Report{BadRows: []engine.BadRow{row("a,b.csv", 3, 20, tt.record), row("b.csv", math.MaxInt64, 1<<40, tt.record)}}
			got := render(t, sinks.BadRows{}, r)
			want := "source,line,offset,reason,record\n" +
				`"a,b.csv",3,20,` + why + "," + tt.want + "\n" +
				"b.csv,9223372036854775807,1099511627776," + why + "," + tt.want + "\n"
			if got != want {
				t.Errorf("got\n%q\nwant\n%q", got, want)
			}
			for _, record := range splitCSV(got)[1:] {
				if len(record) != 5 || record[4] != tt.record {
					t.Errorf("read back: %q", record)
				}
			}
			if std, err := csv.NewReader(strings.NewReader(got)).ReadAll(); err != nil || len(std) != 3 {
				t.Errorf("encoding/csv reads %q, %v", std, err)
			}
		})
	}
	if got := render(t, sinks.BadRows{}, sinktest.Incomplete()); got != "source,line,offset,reason,record\n" {
		t.Errorf("without rows: %q", got)
	}
}

// TestBadRowsWriterErrors checks that errors of the writer are returned, at any
// place.
func TestBadRowsWriterErrors(t *testing.T) {
	r := sinktest.Report(nil)
	for i := range 4_000 {
		err := &parser.SyntaxError{Line: int64(i), Err: parser.ErrFieldCount}
		r.BadRows = append(r.BadRows, engine.BadRow{Part: "a", Err: err, Record: []byte("x")})
	}
	output := render(t, sinks.BadRows{}, r)
	for free := 0; free < len(output); free += 5003 {
		if err := (sinks.BadRows{}).Write(&fullAfter{free}, r); !errors.Is(err, errFull) {
			t.Errorf("full after %d bytes: %v", free, err)
		}
	}
}

var errFull = errors.New("full")

// fullAfter accepts a number of bytes.
type fullAfter struct{ free int }

func (w *fullAfter) Write(p []byte) (int, error) {
	n := min(len(p), w.free)
	w.free -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// TestMarkers checks which sinks mark incomplete reports.
func TestMarkers(t *testing.T) {
	want := map[string]bool{"json": true, "ndjson": true, "table": true, "html": true, "csv": false, "markdown": false, "totals": false}
	got := map[string]bool{}
	registry := sinks.Builtin(sinks.Options{})
	for _, name := range registry.Names() {
		s, err := registry.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		m, ok := s.(sinks.Marker)
		got[name] = ok && m.MarksIncomplete()
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
