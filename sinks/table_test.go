package sinks_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"fastcount/engine"
	"fastcount/sinks"
	"fastcount/sinks/sinktest"
)

type tableTest struct {
	name   string
	table  sinks.Table
	report *engine.Report
	want   string
}

func TestTable(t *testing.T) {
	abc := sinktest.Report(counts{"a": {"x": 1}, "b": {"x": 1_000}, "c": {"x": 1_999, "y": 1}})
	tests := []tableTest{
		{"demo", sinks.Table{Width: 52}, sinktest.Demo(), `
patient   bp_dia  bp_sys   total   share
P001       3,106   3,084   6,190   33.0%  █████████▉
P002       1,665   1,704   3,369   17.9%  █████▍
P003       3,061   3,135   6,196   33.0%  ██████████
P004       1,540   1,489   3,029   16.1%  ████▉
totals     9,372   9,412  18,784  100.0%
patients       4       4       4
`},
		{"empty", sinks.Table{}, sinktest.Report(nil), `
patient  total
totals       0
`},
		{"smallest bar", sinks.Table{Width: 61}, abc, `
patient       x  y  total  event types   share
a             1  -      1            1   <0.1%  ▏
b         1,000  -  1,000            1   33.3%  ██████▌
c         1,999  1  2,000            2   66.6%  █████████████
totals    3,000  1  3,001            2  100.0%
patients      3  1      3
`},
		{"one patient cut", sinks.Table{Width: 40, Top: 2}, abc, `
patient       x  y  total   share
b         1,000  -  1,000   33.3%
c         1,999  1  2,000   66.6%
totals    3,000  1  3,001  100.0%
patients      3  1      3
not shown, but included in the totals: 1 patient
`},
		{"no event type fits", sinks.Table{Width: 50, Top: 1}, sinktest.Large(1_500, 12), `
patient                    total   share
patient_00000999      12,012,054    0.1%  ████████
totals            18,007,590,000  100.0%
patients                   1,500
not shown, but included in the totals: 1,499 patients
not shown, but included in each total: 12 event types
`},
		{"one event type fits", sinks.Table{Width: 60, Top: 1}, sinktest.Large(1_500, 12), `
patient              event_0000           total   share
patient_00000999      1,000,999      12,012,054    0.1%
totals            1,500,624,250  18,007,590,000  100.0%
patients                  1,500           1,500
not shown, but included in the totals: 1,499 patients
not shown, but included in each total: 11 event types
`},
		{"wide and combining", sinks.Table{Width: 40},
			sinktest.Report(counts{"漢字": {"脈拍": 5}, "e\u0301a": {"脈拍": 10}, "\u1112\u1161\u11ab": {"x": 10}, "😀": {"x": 10}}), `
patient    x  脈拍  total   share
e\u0301a         -    10     10   28.6%
\u1112\u1161\u11ab        10     -     10   28.6%
漢字       -     5      5   14.3%
😀        10     -     10   28.6%
totals    20    15     35  100.0%
patients   2     2      4
`},
		{"by count", sinks.Table{Width: 40, Top: 3, Order: sinks.ByCount},
			sinktest.Report(counts{"a": {"x": 1}, "b": {"x": 7}, "c": {"x": 1}, "long id": {"y": 1}, "e": {"x": 2, "y": 5}}), `
patient    x  y  total   share
b          7  -      7   41.2%  ████████
e          2  5      7   41.2%  ████████
a          1  -      1    5.9%  █▏
totals    11  6     17  100.0%
patients   4  2      5
not shown, but included in the totals: 2 patients
`},
		{"colour", sinks.Table{Width: 61, Color: true, Top: 1}, sinktest.Report(counts{"a": {"x": 1}, "b": {"x": 1}}),
			"\n\x1b[1mpatient   x  total  event types   share\x1b[0m\n" +
				"a         1      1            1   50.0%  \x1b[36m████████████████████\x1b[0m\n" +
				"\x1b[1mtotals    2      2            1  100.0%\x1b[0m\npatients  2      2\n" +
				"\x1b[2mnot shown, but included in the totals: 1 patient\x1b[0m\n"},
		{"largest count in the least width", sinks.Table{Width: 1},
			sinktest.Report(counts{"a patient with a long name": {"x": 1<<64 - 1}}), `
patient                            total
a pat…g name  18,446,744,073,709,551,615
totals        18,446,744,073,709,551,615
patients                               1
not shown, but included in each total: 1 event type
`},
	}
	keyed := func(by string, values ...string) *engine.Report {
		var groups []sinktest.Group
		for i, v := range values {
			groups = append(groups, sinktest.Group{Values: strings.Split(v, "/"), Count: uint64(i + 1)})
		}
		return sinktest.ReportBy(strings.Split(by, "/"), groups...)
	}
	tests = append(tests, []tableTest{
		{"one key", sinks.Table{Width: 60}, keyed("event_type", "bp_dia", "bp_sys", "a long value of the key column, too long for it"), `
event_type                      total   share
a long value o…too long for it      3   50.0%  █████████████
bp_dia                              1   16.7%  ████▎
bp_sys                              2   33.3%  ████████▋
totals                              6  100.0%
`},
		{"two named keys", sinks.Table{Width: 70}, keyed("site/ward", "A/north", "B/north", "B/south"), `
site           north  south  total  distinct ward   share
A                  1      -      1              1   16.7%  ██▏
B                  2      3      5              2   83.3%  ███████████
totals             3      3      6              2  100.0%
distinct site      2      1      2
`},
		{"three keys, the last across", sinks.Table{Width: 70}, keyed("site/subject/event", "A/1/x", "A/2/y", "B/1/x", "B/1/y"), `
site  subject  x  y  total   share
A     1        1  -      1   10.0%  ████▊
A     2        -  2      2   20.0%  █████████▋
B     1        3  4      7   70.0%  ██████████████████████████████████
totals         4  6     10  100.0%
distinct site  2  2      2
`},
		{"three keys, one line per group", sinks.Table{Width: 70, Top: 1, Order: sinks.ByCount}, keyed("site/subject/day",
			"A/1/01", "A/1/02", "A/1/03", "A/1/04", "A/1/05", "A/1/06", "A/1/07", "A/1/08", "A/1/09", "A/1/10", "A/1/11", "A/1/12", "A/1/13", "B/1/13", "B/2/12", "B/2/13", "C/1/01", "C/2/01"), `
site  subject  day  total   share
A     1        01       1    0.6%  █▉
A     1        02       2    1.2%  ███▉
A     1        03       3    1.8%  █████▊
A     1        04       4    2.3%  ███████▊
A     1        05       5    2.9%  █████████▋
A     1        06       6    3.5%  ███████████▋
A     1        07       7    4.1%  █████████████▌
A     1        08       8    4.7%  ███████████████▌
A     1        09       9    5.3%  █████████████████▌
A     1        10      10    5.8%  ███████████████████▍
A     1        11      11    6.4%  █████████████████████▍
A     1        12      12    7.0%  ███████████████████████▎
A     1        13      13    7.6%  █████████████████████████▎
totals                171  100.0%
not shown, but included in the totals: 2 values of site
`},
		{"eight keys", sinks.Table{Width: 50}, keyed("a/b/c/d/e/f/g/h", "1/2/3/4/5/6/7/8", "1/2/3/4/5/6/7/9", "100000/200000/300000/400000/500000/600000/700000/8"), `
a     b     c     d     e      f      g      total
1     2     3     4     5      6      7          3
1…00  2…00  3…00  4…00  50…00  60…00  70…00      3
totals                                           6
distinct a                                       2
not shown, but included in each total: 2 values of h
`},
	}...)
	unescape := strings.NewReplacer(`\u0301`, "\u0301", `\u1112`, "\u1112", `\u1161`, "\u1161", `\u11ab`, "\u11ab")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, want := "\n"+render(t, tt.table, tt.report), unescape.Replace(tt.want)
			if got != want {
				t.Errorf("got%swant%s", got, want)
			}
		})
	}
}

// TestTableTop checks the number of lines, and that the header of a long table
// is repeated.
func TestTableTop(t *testing.T) {
	r := sinktest.Large(60, 1)
	for _, tt := range []struct{ rows, lines int }{{0, 50 + 5}, {-1, 60 + 4}, {60, 60 + 4}, {59, 59 + 5}, {100, 60 + 4}, {21, 21 + 5}, {20, 20 + 4}} {
		out := render(t, sinks.Table{Top: tt.rows}, r)
		if got := strings.Count(out, "\n"); got != tt.lines {
			t.Errorf("Top %d: %d lines, want %d", tt.rows, got, tt.lines)
		}
		header, _, _ := strings.Cut(out, "\n")
		if got := strings.Count(out, header); got == 1 != (tt.rows == 20) {
			t.Errorf("Top %d: %d headers", tt.rows, got)
		}
	}
}

// TestTableIsSafeAndNarrow checks every sample at many widths: no character of
// an id controls the terminal, and no line of the table is too wide.
func TestTableIsSafeAndNarrow(t *testing.T) {
	style := regexp.MustCompile("\x1b\\[(0|1|2|36)m")
	for _, sample := range sinktest.Samples() {
		t.Run(sample.Name, func(t *testing.T) {
			for _, width := range []int{40, 41, 57, 80, 133, 400} {
				out := render(t, sinks.Table{Width: width, Top: -1}, sample.Report)
				checkLines(t, out, width)
				coloured := render(t, sinks.Table{Width: width, Top: -1, Color: true}, sample.Report)
				if style.ReplaceAllString(coloured, "") != out {
					t.Errorf("width %d: colour changes more than the colour", width)
				}
			}
		})
	}
}

func checkLines(t *testing.T, out string, width int) {
	t.Helper()
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("a line holds a character that cannot be printed: %q", line)
		}
		wide := strings.Count(line, "漢字")*2 + strings.Count(line, "한글")*2 - strings.Count(line, "\u0301") // columns more than characters
		if n := utf8.RuneCountInString(line) + wide; n > width && !strings.HasPrefix(line, "not shown") {
			t.Errorf("a line is %d columns wide, not at most %d: %q", n, width, line)
		}
	}
}
