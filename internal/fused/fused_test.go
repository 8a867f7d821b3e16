package fused_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/fused"
	"fastcount/internal/intern"
	"fastcount/internal/simd"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
)

const header = "patient_id,event_time,event_type,value"

var layout = fused.Layout{Delimiter: ',', Width: 4, First: 0, Second: 2}

func isHeader(name []byte) bool { return string(name) == "patient_id" }

// known holds two tables of names and a matrix of counts for them.
type known struct {
	first, second *intern.Table
	counts        []uint64
	stride        int
}

func newKnown(t testing.TB, first, second []string) *known {
	t.Helper()
	k := &known{first: intern.New(nil), second: intern.New(nil), stride: 1}
	for _, name := range first {
		add(t, k.first, name)
	}
	for _, name := range second {
		add(t, k.second, name)
	}
	for k.stride < len(second) {
		k.stride *= 2
	}
	k.counts = make([]uint64, len(first)*k.stride)
	return k
}

func add(t testing.TB, table *intern.Table, name string) {
	if _, err := table.ID([]byte(name)); err != nil {
		t.Fatal(err)
	}
}

// take returns the counts by name and sets them to zero.
func (k *known) take() map[[2]string]uint64 {
	out := map[[2]string]uint64{}
	for i, n := range k.counts {
		if n != 0 {
			first, second := k.first.Name(uint32(i/k.stride)), k.second.Name(uint32(i%k.stride))
			out[[2]string{string(first), string(second)}] = n
		}
	}
	clear(k.counts)
	return out
}

// padded returns a copy of data followed by slack that resembles records.
func padded(data string) []byte {
	junk := strings.Repeat("P1,t,bp,1\n\n,\"\r\n", fused.Slack)[:fused.Slack]
	return []byte(data + junk)[:len(data)]
}

// check counts data and compares the result with what encoding/csv reads from
// the bytes that were counted.
func check(t *testing.T, path *fused.Path, k *known, data string, stop int) (used int) {
	t.Helper()
	used, rows := path.Count(padded(data), stop, k.first, k.second, k.counts, k.stride)
	counts := k.take()
	if used == 0 && rows == 0 && len(counts) == 0 {
		return 0
	}
	want, err := oracle.Counts([]byte(header+"\n"+data[:used]), ',', "patient_id", "event_type")
	if err != nil {
		t.Fatalf("%q: counted %q, which encoding/csv rejects: %v", data, data[:used], err)
	}
	if !maps.Equal(counts, want) {
		t.Fatalf("%q: counted %v in %q, want %v", data, counts, data[:used], want)
	}
	var total uint64
	for _, n := range want {
		total += n
	}
	if uint64(rows) != total || data[used-1] != '\n' {
		t.Fatalf("%q: %d rows in %d bytes, want %d", data, rows, used, total)
	}
	if last := strings.LastIndexByte(data[:used-1], '\n') + 1; last >= stop {
		t.Fatalf("%q: counted the record at %d, but stop is %d", data, last, stop)
	}
	return used
}

// eachKernel runs a test with each of the kernels with which a Path counts.
func eachKernel(t *testing.T, test func(t *testing.T)) {
	for _, kernel := range []string{"avx2", "avx512"} {
		t.Run(kernel, func(t *testing.T) {
			before := simd.Current().Name
			if err := simd.Use(kernel); err != nil || !fused.Available {
				t.Skipf("the fused path for %s is not available here", kernel)
			}
			defer simd.Use(before)
			test(t)
		})
	}
}

// records returns n records in a given format with names of k. If odd is
// positive, about one in odd is replaced by one of oddities.
func records(rng *rand.Rand, k *known, n int, form func(fields [4]string) string, odd int) string {
	var b strings.Builder
	for range n {
		first := string(k.first.Name(uint32(rng.IntN(k.first.Len()))))
		if first == "patient_id" || first == "\ufeffP1" {
			first = "P1"
		}
		fields := [4]string{
			first,
			strings.Repeat("t", rng.IntN(30)),
			string(k.second.Name(uint32(rng.IntN(k.second.Len())))),
			fmt.Sprint(rng.IntN(200)),
		}
		if odd > 0 && rng.IntN(odd) == 0 {
			b.WriteString(oddities[rng.IntN(len(oddities))])
		} else {
			b.WriteString(form(fields))
		}
	}
	return b.String()
}

// oddities are records that a Path may not be able to count.
var oddities = []string{
	"\n", "\r\n", "P1,t,bp\n", "P1,t,bp,1,2\n", "P1,t\nP1,t,t\n", "unknown,t,bp,1\n", "P1,t,unknown,1\n",
	"\"P1\",t,bp,1\n", "P1,\"t\",bp,1\n", "P1,t,\"bp\",1\n", "P1,t,bp,\"1\"\n", "P1,\"\n\",bp,1\n", "P1,t\"x,bp,1\n",
	"P1,t,bp,1\r\n", "P1,t\r,bp,1\n", "P1,t,bp,1\r\r\n", "P1\r,t,bp,1\n", "P1,\"a,b\",bp,1\n", "\"P1\"\"\",t,bp,1\n",
	"P1,t,bp," + strings.Repeat("9", 60) + "\n", "P1," + strings.Repeat("t", 60) + ",bp,1\n", strings.Repeat("P", 70) + ",t,bp,1\n",
	"P1,t,bp,\"\n", header + "\n", "patient_id,t,bp,1\n", "a name of 13bytes and more,t,bp,1\n", "P1,t,heart_rate_and_more,1\n",
	"\x00,t,bp,1\n", "P1\x00,t,bp,1\n", "P1,t,bp\x00,1\n", "P1,2025,bp,1", "\"P1\",\"t\",\"bp\",\"1\"\n", "\"P1\",\"t\",\"bp\",\"1\"\r\n", ",,,\n", ",,,,\n",
	"P1,t,bp,1\rx\n", "P1,t,bp,1\r\r\n", "x\"P1\",\"t\",\"bp\",\"1\"\n", "\"P1\",x\"t\",\"bp\",\"1\"\n", "\"P1\",\"t\"x,\"bp\",\"1\"\n",
	"\"P1\",\"t\",\"bp\",\"1\"x\n", strings.Repeat("\xff", 70) + "\n", strings.Repeat("\x00", 70) + "\n", strings.Repeat("\n", 40),
	"P1,t,bp,1\nP1", "\ufeffP1,t,bp,1\n", "\"\ufeffP1\",t,bp,1\n", "\"P1,t\",\"x\",\"bp\",1\n", "\"P1\",\"t\",\"bp\",\"1\" \n", "\"P1\",\"t\"\"\",\"bp\",\"1\"\n",
}

var forms = map[string]func(f [4]string) string{
	"plain":  func(f [4]string) string { return strings.Join(f[:], ",") + "\n" },
	"crlf":   func(f [4]string) string { return strings.Join(f[:], ",") + "\r\n" },
	"quoted": func(f [4]string) string { return `"` + strings.Join(f[:], `","`) + "\"\n" },
	"both":   func(f [4]string) string { return `"` + strings.Join(f[:], `","`) + "\"\r\n" },
}

var (
	firsts  = []string{"P1", "P22", "P333", "", "a name of 13b", "ünïcödé", "patient_id", "\ufeffP1"}
	seconds = []string{"bp", "hr", "heart_rate", "x", "event_type"}
)

// sets are names that fit into short keys, and names that do not.
var sets = map[string][2][]string{
	"short": {firsts, seconds},
	"long": {
		{"P1", "", "0b3e1f5a-7c1d-4a89-9e55-4f6d1c2b3a00", "0b3e1f5a-7c1d-4a89-9e55-4f6d1c2b3a01", strings.Repeat("n", 60), "patient_id"},
		{"bp", "hr", "a rather long event type, almost"[:26], "blood_pressure_systolic", "x"},
	},
}

// Records of one format are counted to the end. With other records between
// them, the result is correct for the records counted.
func TestCountsWhatEncodingCSVReads(t *testing.T) { eachKernel(t, testCountsWhatEncodingCSVReads) }

func testCountsWhatEncodingCSVReads(t *testing.T) {
	for set, names := range sets {
		for name, form := range forms {
			t.Run(set+"/"+name, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(3, 4))
				k := newKnown(t, names[0], names[1])
				path := fused.New(layout, isHeader)
				for range 400 {
					n := 1 + rng.IntN(60)
					data := records(rng, k, n, form, 0)
					if used := check(t, path, k, data, len(data)); used != len(data) && set == "short" {
						t.Fatalf("%q: stopped at %d of %d", data, used, len(data))
					}
					check(t, path, k, data, rng.IntN(len(data)+1))
					odd := records(rng, k, n, form, 1+rng.IntN(n))
					check(t, path, k, odd, len(odd))
					check(t, path, k, odd, rng.IntN(len(odd)+1))
				}
			})
		}
	}
}

// The bytes after the data do not affect where counting stops. With long keys
// and an empty first name, structural characters of the second 64 bytes were
// once taken for ones of the first 64.
func TestWhatFollowsDoesNotMatter(t *testing.T) { eachKernel(t, testWhatFollowsDoesNotMatter) }

func testWhatFollowsDoesNotMatter(t *testing.T) {
	k := newKnown(t, sets["long"][0], sets["long"][1])
	data := ",2025-08-26T00:00:07Z,blood_pressure_systolic,71\n"
	for _, junk := range []string{",", "\n", "\"", "x"} {
		b := []byte(data + strings.Repeat(junk, fused.Slack))
		used, rows := fused.New(layout, isHeader).Count(b[:len(data)], len(data), k.first, k.second, k.counts, k.stride)
		if used != len(data) || rows != 1 {
			t.Errorf("followed by %q: %d bytes and %d rows", junk, used, rows)
		}
	}
}

// Names are counted up to the length that fits long keys.
func TestLongNames(t *testing.T) { eachKernel(t, testLongNames) }

func testLongNames(t *testing.T) {
	for n := range 70 {
		for m := range 40 {
			k := newKnown(t, []string{strings.Repeat("n", n)}, []string{strings.Repeat("e", m)})
			path := fused.New(layout, isHeader)
			data := strings.Repeat(strings.Repeat("n", n)+",2025-08-26T00:00:07Z,"+strings.Repeat("e", m)+",71\n", 9)
			used := check(t, path, k, data, len(data))
			fits := n < 64 && m < 31
			if want := map[bool]int{true: len(data)}[fits]; used != want {
				t.Errorf("names of %d and %d bytes: stopped at %d, want %d", n, m, used, want)
			}
		}
	}
}

// Counting stops immediately before every oddity, whichever stream reaches it.
func TestStopsBeforeOddities(t *testing.T) { eachKernel(t, testStopsBeforeOddities) }

func testStopsBeforeOddities(t *testing.T) {
	k := newKnown(t, firsts, seconds)
	path := fused.New(layout, isHeader)
	plain := strings.Repeat("P1,t,bp,1\n", 20)
	for _, odd := range oddities {
		if odd == ",,,\n" || odd == "P1,t,bp,1\nP1" {
			continue
		}
		for at := 0; at <= len(plain); at += 10 {
			data := plain[:at] + odd + plain[at:]
			switched := at == 0 && (odd[0] == '"' || strings.Count(odd, "\r\n") == 1) // the pattern changes
			if used := check(t, path, k, data, len(data)); used != at && !switched {
				t.Errorf("%q at %d: stopped at %d", odd, at, used)
			}
		}
	}
}

// An incomplete record is not counted, even if the bytes after the data
// resemble the rest of it.
func TestIncompleteRecord(t *testing.T) { eachKernel(t, testIncompleteRecord) }

func testIncompleteRecord(t *testing.T) {
	k := newKnown(t, firsts, seconds)
	path := fused.New(layout, isHeader)
	data := strings.Repeat("P1,t,bp,1\n", 7) + "P22,time,heart_rate,71\n"
	for n := range len(data) + 1 {
		want := strings.LastIndexByte(data[:n], '\n') + 1
		if used := check(t, path, k, data[:n], n); used != want {
			t.Errorf("of %d bytes: stopped at %d, want %d", n, used, want)
		}
	}
}

// Records of up to 64 bytes are counted. With a short name at the beginning,
// records of 65 and 66 bytes may be, and longer ones are not.
func TestRecordsOfEveryLength(t *testing.T) { eachKernel(t, testRecordsOfEveryLength) }

func testRecordsOfEveryLength(t *testing.T) {
	k := newKnown(t, firsts, seconds)
	path := fused.New(layout, isHeader)
	for n := range 100 {
		record := "P1," + strings.Repeat("t", n) + ",bp,1\n"
		data := strings.Repeat(record, 9)
		used := check(t, path, k, data, len(data))
		if want := len(data) * min(1, 65/len(record)); used != want && len(record) != 65 && len(record) != 66 {
			t.Errorf("records of %d bytes: stopped at %d, want %d", len(record), used, want)
		}
	}
}

// Names that are added to a table, and a matrix that grows, are used in the
// next call.
func TestGrowth(t *testing.T) { eachKernel(t, testGrowth) }

func testGrowth(t *testing.T) {
	path := fused.New(layout, isHeader)
	for n := 1; n <= 3000; n = n*3 + 1 {
		var first, second []string
		var data strings.Builder
		for i := range n {
			first = append(first, fmt.Sprintf("P%d", i))
			second = append(second, fmt.Sprintf("e%d", i%50))
			fmt.Fprintf(&data, "P%d,t,e%d,1\n", i, i%50)
		}
		k := newKnown(t, first, second[:min(n, 50)])
		path.Reset()
		if used := check(t, path, k, data.String(), data.Len()); used != data.Len() {
			t.Errorf("%d names: stopped at %d of %d", n, used, data.Len())
		}
		for range 50 { // further names of the same tables
			add(t, k.first, fmt.Sprintf("Q%d", k.first.Len()))
			k.counts = append(k.counts, make([]uint64, k.stride)...)
		}
		more := data.String() + fmt.Sprintf("Q%d,t,e0,1\n", n)
		if used := check(t, path, k, more, len(more)); used != len(more) {
			t.Errorf("%d names and 50 more: stopped at %d of %d", n, used, len(more))
		}
	}
}

// Unquoted records are counted with the two columns at any position, quoted
// ones where all structural characters are compared.
func TestLayouts(t *testing.T) { eachKernel(t, testLayouts) }

func testLayouts(t *testing.T) {
	for width := 2; width <= 6; width++ {
		for first := range width {
			for second := range width {
				if first == second {
					continue
				}
				checkLayout(t, width, first, second, false, true)
				checkLayout(t, width, first, second, true, first == 0 && second <= 2 && second >= width-2)
			}
		}
	}
}

func checkLayout(t *testing.T, width, first, second int, quoted, path bool) {
	t.Helper()
	fields := slices.Repeat([]string{"v"}, width)
	fields[first], fields[second] = "P1", "bp"
	for _, end := range []string{"\n", "\r\n"} {
		row := strings.Join(fields, ",") + end
		if quoted {
			row = `"` + strings.Join(fields, `","`) + `"` + end
		}
		k := newKnown(t, firsts, seconds)
		data := strings.Repeat(row, 301)
		r := fused.New(fused.Layout{Delimiter: ',', Width: width, First: first, Second: second}, nil)
		used, rows := r.Count(padded(data), len(data), k.first, k.second, k.counts, k.stride)
		if want := map[bool]int{true: 301}[path]; rows != want || used != want*len(row) {
			t.Errorf("%q: %d rows in %d bytes, want %d", row, rows, used, want)
		}
		if counts := k.take(); counts[[2]string{"P1", "bp"}] != uint64(rows) {
			t.Errorf("%q: counted %v", row, counts)
		}
	}
}

// Wide records of any length and layout, with other records between them, are
// counted as encoding/csv reads them.
func TestWideRecords(t *testing.T) { eachKernel(t, testWideRecords) }

func testWideRecords(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range proof.Bound(40, 120) {
		width := 3 + rng.IntN(200)
		first, second := rng.IntN(width), rng.IntN(width)
		if first == second {
			continue
		}
		names := make([]string, width)
		for i := range names {
			names[i] = fmt.Sprintf("c%d", i)
		}
		names[first], names[second] = "patient_id", "event_type"
		path := fused.New(fused.Layout{Delimiter: ',', Width: width, First: first, Second: second}, isHeader)
		k := newKnown(t, firsts, seconds)
		end := []string{"\n", "\r\n"}[rng.IntN(2)]
		for range 20 {
			data := wideRecords(rng, width, first, second, end)
			stop := len(data) - rng.IntN(2)*rng.IntN(len(data))
			used, rows := path.Count(padded(data), stop, k.first, k.second, k.counts, k.stride)
			got := k.take()
			want, err := oracle.Counts([]byte(strings.Join(names, ",")+"\n"+data[:used]), ',', "patient_id", "event_type")
			if err != nil || !maps.Equal(got, want) || rows != strings.Count(data[:used], "\n") {
				t.Fatalf("%d columns, %d and %d: in %q counted %v in %d rows, want %v, %v",
					width, first, second, data[:used], got, rows, want, err)
			}
			if first := data[:strings.IndexByte(data, '\n')+1]; used == 0 && len(first) <= 256 && plainRecord(first, width, end) && stop > 0 {
				t.Fatalf("%d columns: stopped before %q", width, first)
			}
		}
	}
}

// A record with too few fields is not counted, regardless of how many are
// missing. With 64 missing, a shift once wrapped around.
func TestTooFewFields(t *testing.T) { eachKernel(t, testTooFewFields) }

func testTooFewFields(t *testing.T) {
	for width := 3; width <= 330; width += proof.Bound(5, 1) {
		for _, padding := range []int{0, 1, 3, 60, 130} {
			path := fused.New(fused.Layout{Delimiter: ',', Width: width, First: 0, Second: 1}, nil)
			k := newKnown(t, firsts, seconds)
			for fields := 2; fields <= width+2; fields++ {
				row := "P1,bp"
				if fields > 2 {
					row += "," + strings.Repeat("f", padding) + strings.Repeat(",", fields-3)
				}
				data := strings.Repeat(row+"\n", 4)
				if _, rows := path.Count(padded(data), len(data), k.first, k.second, k.counts, k.stride); rows != 0 && fields != width {
					t.Fatalf("%d columns: counted %d records of %d fields", width, rows, fields)
				}
			}
		}
	}
}

// plainRecord reports whether line is one of the unmodified records of
// wideRecords.
func plainRecord(line string, width int, end string) bool {
	return strings.Count(line, ",") == width-1 && !strings.Contains(line, "\"") && !strings.Contains(line, "unknown") && !strings.Contains(line, "\ufeff") &&
		strings.HasSuffix(line, end) && strings.Count(line, "\r") == len(end)-1
}

func wideRecords(rng *rand.Rand, width, first, second int, end string) string {
	var b strings.Builder
	for range 1 + rng.IntN(40) {
		fields := make([]string, width)
		for i := range fields {
			fields[i] = strings.Repeat("f", rng.IntN(2+300/width))
		}
		fields[first] = []string{"P1", "P22", "", "a name of 13b"}[rng.IntN(4)]
		fields[second] = []string{"bp", "hr", "heart_rate"}[rng.IntN(3)]
		switch rng.IntN(60) {
		case 7:
			fields[0] = "\ufeff" + fields[0]
		case 0:
			fields[rng.IntN(width)] = "\"q,\n\""
		case 1:
			fields = fields[1:]
		case 2:
			fields = append(fields, "one more")
		case 3:
			fields[first] = "unknown"
		case 4:
			fields[rng.IntN(width)] = strings.Repeat("long", 70)
		case 5:
			fields[rng.IntN(width)] += "\r"
		case 6:
			fields[rng.IntN(width)] += "\""
		}
		b.WriteString(strings.Join(fields, ",") + end)
	}
	return b.String()
}

func TestDelimiters(t *testing.T) { eachKernel(t, testDelimiters) }

func testDelimiters(t *testing.T) {
	for delimiter := range byte(0x80) {
		if strings.IndexByte("\"\r\n", delimiter) >= 0 {
			continue
		}
		l := layout
		l.Delimiter = delimiter
		path := fused.New(l, nil)
		k := newKnown(t, []string{"P1"}, []string{"bp"})
		data := strings.ReplaceAll("P1,t,bp,1\n", ",", string([]byte{delimiter}))
		if bytes.IndexByte([]byte("P1tbp"), delimiter) >= 0 {
			continue
		}
		_, rows := path.Count(padded(data), len(data), k.first, k.second, k.counts, k.stride)
		distinct := strings.IndexByte("\x02\x0a\x0d", delimiter&0x0f) < 0
		if rows != map[bool]int{true: 1}[distinct] {
			t.Errorf("delimiter %q: %d rows", delimiter, rows)
		}
	}
}

func TestNoAllocation(t *testing.T) { eachKernel(t, testNoAllocation) }

func testNoAllocation(t *testing.T) {
	k := newKnown(t, firsts, seconds)
	path := fused.New(layout, isHeader)
	data := padded(strings.Repeat("P1,t,bp,1\nP22,t,hr,1\n", 100))
	count := func() {
		if used, _ := path.Count(data, len(data), k.first, k.second, k.counts, k.stride); used != len(data) {
			t.Fatalf("stopped at %d", used)
		}
	}
	count()
	if n := testing.AllocsPerRun(100, count); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
