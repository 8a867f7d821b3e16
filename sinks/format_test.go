package sinks_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fastcount/engine"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

type counts = map[string]map[string]uint64

func TestContract(t *testing.T) {
	tests := []struct {
		name  string
		sink  sinks.Sink
		parse func([]byte) ([]sinktest.Group, error)
	}{
		{"json", sinks.JSON{}, parseJSON},
		{"json compact", sinks.JSON{Compact: true}, parseJSON},
		{"ndjson", sinks.NDJSON{}, parseNDJSON},
		{"csv", sinks.CSV{}, parseCSV},
		{"csv safe", sinks.CSV{Safe: true}, nil},
		{"csv by count", sinks.CSV{Order: sinks.ByCount}, parseCSV},
		{"csv of three patients", sinks.CSV{Top: 3}, nil},
		{"ndjson by count", sinks.NDJSON{Order: sinks.ByCount}, parseNDJSON},
		{"markdown", sinks.Markdown{}, parseMarkdown},
		{"markdown by count", sinks.Markdown{Order: sinks.ByCount, Top: 2}, nil},
		{"totals", sinks.Totals{}, nil},
		{"table", sinks.Table{}, nil},
		{"table all", sinks.Table{Top: -1, Color: true, Width: 200}, nil},
		{"table by count", sinks.Table{Order: sinks.ByCount}, nil},
		{"html", sinks.HTML{}, parseHTML},
		{"html by count", sinks.HTML{Order: sinks.ByCount}, parseHTML},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := sinktest.Options{Parse: tt.parse}
			if _, page := tt.sink.(sinks.HTML); page {
				o.Want = firstTwoKeys
			}
			sinktest.Run(t, tt.sink, o)
		})
	}
}

func render(t *testing.T, s sinks.Sink, r *engine.Report) string {
	t.Helper()
	var b strings.Builder
	if err := s.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJSONShape(t *testing.T) {
	empty := sinktest.Report(nil)
	sparse := sinktest.Report(counts{"b": {"y": 2}, "a": {"x": 1, "y": math.MaxUint64 - 3}})
	tests := []struct {
		name   string
		sink   sinks.JSON
		report *engine.Report
		want   string
	}{
		{"empty", sinks.JSON{}, empty, "{\n  \"patients\": {},\n  \"totals\": {}\n}\n"},
		{"empty compact", sinks.JSON{Compact: true}, empty, "{\"patients\":{},\"totals\":{}}\n"},
		{"demo", sinks.JSON{}, sinktest.Demo(), demoJSON},
		{"sparse compact", sinks.JSON{Compact: true}, sparse,
			`{"patients":{"a":{"x":1,"y":18446744073709551612},"b":{"y":2}},"totals":{"x":1,"y":18446744073709551614}}` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := render(t, tt.sink, tt.report); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

// demoJSON is the published result of the export demo.
const demoJSON = `{
  "patients": {
    "P001": {
      "bp_dia": 3106,
      "bp_sys": 3084
    },
    "P002": {
      "bp_dia": 1665,
      "bp_sys": 1704
    },
    "P003": {
      "bp_dia": 3061,
      "bp_sys": 3135
    },
    "P004": {
      "bp_dia": 1540,
      "bp_sys": 1489
    }
  },
  "totals": {
    "bp_dia": 9372,
    "bp_sys": 9412
  }
}
`

// TestJSONLikeEncodingJSON compares documents with those of encoding/json, for
// ids that both write alike.
func TestJSONLikeEncodingJSON(t *testing.T) {
	for _, r := range []*engine.Report{
		sinktest.Large(30, 4),
		sinktest.Report(counts{"<&>": {`q"\/`: 1, "\n\r\t\x00\x1f": 2}, "": {"漢字": 3, "\ufffd": 4, "👩‍⚕️": 5}}),
	} {
		totals := map[string]uint64{}
		for i, event := range r.Keys[1] {
			totals[event] = r.Totals[i]
		}
		var want strings.Builder
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(map[string]any{"patients": sinktest.Counts(r), "totals": totals}); err != nil {
			t.Fatal(err)
		}
		if got := render(t, sinks.JSON{}, r); got != want.String() {
			t.Errorf("got\n%swant\n%s", got, want.String())
		}
	}
}

func TestJSONEscapesWhatEndsALine(t *testing.T) {
	r := sinktest.Report(counts{"a\x7f\u0085\u009b\u2028\u2029z": {"e": 1}})
	want := `{"patient_id":"a\u007f\u0085\u009b\u2028\u2029z","event_type":"e","count":1}` + "\n"
	if got := render(t, sinks.NDJSON{}, r); got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

func TestInvalidUTF8IsNotJSON(t *testing.T) {
	for _, r := range []*engine.Report{
		sinktest.Report(counts{"\xff": {"e": 1}, "\xfe": {"e": 2}}),
		sinktest.Report(counts{"p": {"\xff": 1}}),
	} {
		for _, s := range []sinks.Sink{sinks.JSON{}, sinks.NDJSON{}} {
			var b strings.Builder
			if err := s.Write(&b, r); err == nil || b.Len() > 0 {
				t.Errorf("%T wrote %q, error %v; two ids may have become one", s, b.String(), err)
			}
		}
	}
}

func TestNDJSONShape(t *testing.T) {
	want := `{"patient_id":"P001","event_type":"bp_dia","count":3106}` + "\n"
	if got := render(t, sinks.NDJSON{}, sinktest.Demo()); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 8 {
		t.Errorf("got\n%s", got)
	}
	if got := render(t, sinks.NDJSON{}, sinktest.Report(nil)); got != "" {
		t.Errorf("an empty report is %q", got)
	}
}

func TestCSVBytes(t *testing.T) {
	tests := []struct{ name, id, cell, safe string }{
		{"plain", "P001", "P001", "P001"},
		{"empty", "", "", ""},
		{"comma", "a,b", `"a,b"`, `"a,b"`},
		{"quote", `a"b`, `"a""b"`, `"a""b"`},
		{"lf", "a\nb", "\"a\nb\"", "\"a\nb\""},
		{"crlf", "a\r\nb", "\"a\r\nb\"", "\"a\r\nb\""},
		{"cr", "a\rb", "\"a\rb\"", "\"a\rb\""},
		{"leading space", " a", `" a"`, `" a"`},
		{"end of a postgres copy", `\.`, `"\."`, `"\."`},
		{"formula", "=1+1", "=1+1", "'=1+1"},
		{"plus", "+1", "+1", "'+1"},
		{"minus", "-1", "-1", "'-1"},
		{"at", "@x", "@x", "'@x"},
		{"tab", "\tx", "\"\tx\"", "'\tx"},
		{"leading cr", "\rx", "\"\rx\"", "\"'\rx\""},
		{"formula inside", "a=1", "a=1", "a=1"},
		{"formula with a comma", "=a,b", `"=a,b"`, `"'=a,b"`},
		{"apostrophe", "'=1", "'=1", "''=1"},
		{"apostrophe alone", "'", "'", "''"},
		{"apostrophe inside", "a'", "a'", "a'"},
		{"leading lf", "\n=1", "\"\n=1\"", "\"'\n=1\""},
		{"leading nul", "\x00a", "\x00a", "'\x00a"},
		{"full-width", "＝1", "＝1", "'＝1"},
		{"full-width plus", "＋1", "＋1", "'＋1"},
		{"full-width minus", "－1", "－1", "'－1"},
		{"full-width at", "＠1", "＠1", "'＠1"},
		{"small form", "﹦1", "﹦1", "'﹦1"},
		{"minus sign", "\u22121", "\u22121", "'\u22121"},
		{"blanks and a formula", " \u00a0=1", "\" \u00a0=1\"", "' \u00a0=1"},
		{"invisible and a formula", "\u200b\ufeff\u3164@1", "\u200b\ufeff\u3164@1", "'\u200b\ufeff\u3164@1"},
		{"semicolon", "a;=1", "a;=1", `"a;=1"`},
		{"only blanks", "  ", `"  "`, `"  "`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sinktest.Report(counts{tt.id: {tt.id: 7}})
			line := func(cell string) string {
				return "patient_id,event_type,count\n" + cell + "," + cell + ",7\n"
			}
			if got, want := render(t, sinks.CSV{}, r), line(tt.cell); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if got, want := render(t, sinks.CSV{Safe: true}, r), line(tt.safe); got != want {
				t.Errorf("safe: got  %q\nwant %q", got, want)
			}
		})
	}
	if got := render(t, sinks.CSV{}, sinktest.Report(nil)); got != "patient_id,event_type,count\n" {
		t.Errorf("an empty report is %q", got)
	}
}

// TestSafeCellsAreInjectiveAndHarmless checks that different ids give different
// cells, that each can be recovered, and that no cell is a formula for a
// spreadsheet.
func TestSafeCellsAreInjectiveAndHarmless(t *testing.T) {
	letters := []rune("'=+-@＝＋－＠﹦\u2212 \t\r\n\u00a0\u3000\u200b\ufeff\x00\x1b;,\"|aé")
	ids := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom(letters), 0, 6, -1), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		want := []string{ids.Draw(t, "patient"), ids.Draw(t, "event")}
		r := sinktest.Report(counts{want[0]: {want[1]: 7}})
		var b strings.Builder
		if err := (sinks.CSV{Safe: true}).Write(&b, r); err != nil {
			t.Fatal(err)
		}
		got := splitCSV(b.String())[1]
		if len(got) != 3 || got[2] != "7" {
			t.Fatalf("%q is written as %q", want, got)
		}
		for i, id := range want {
			cell := got[i]
			if plain, ok := strings.CutPrefix(cell, "'"); ok && plain != id || !ok && cell != id {
				t.Fatalf("%q is written as %q", id, cell)
			}
			checkHarmless(t, cell)
		}
	})
}

// checkHarmless compares a cell with OWASP's list and its forms in other
// alphabets: https://owasp.org/www-community/attacks/CSV_Injection.
func checkHarmless(t *rapid.T, cell string) {
	for _, start := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"} {
		if strings.HasPrefix(cell, start) || strings.HasPrefix(strings.TrimSpace(cell), start) {
			t.Fatalf("a cell begins with %q: %q", start, cell)
		}
	}
}
