package isotime_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"fastcount/internal/isotime"
)

var units = []isotime.Unit{isotime.Year, isotime.Month, isotime.Day, isotime.Hour}

// cut returns the prefixes of value, joined, with "-" for one that is refused.
// It fails the test unless Cut and CutAll agree, whatever surrounds the value.
func cut(t testing.TB, value string) string {
	t.Helper()
	var prefixes []string
	for _, u := range units {
		n := u.Cut([]byte(value))
		for _, around := range []string{"", "0", "9Z-:T", "\xff\xff"} {
			text := around + value + strings.Repeat(around, 10)
			data := append([]byte(text), make([]byte, isotime.Slack)...)[:len(text)]
			starts, ends := []uint32{uint32(len(around))}, []uint32{uint32(len(around) + len(value))}
			all := u.CutAll(data, starts, ends)
			if n < 0 && all != 0 || n >= 0 && (all != 1 || int(ends[0]-starts[0]) != n) {
				t.Fatalf("unit %d of %q: Cut returned %d; CutAll, after %q, %d and the end %d", u, value, n, around, all, ends[0]-starts[0])
			}
		}
		if n < 0 {
			prefixes = append(prefixes, "-")
		} else {
			prefixes = append(prefixes, value[:n])
		}
	}
	return strings.Join(prefixes, "|")
}

func TestCut(t *testing.T) {
	const day, hour = "2026|2026-01|2026-01-31|-", "2026|2026-01|2026-01-31|2026-01-31T10"
	for value, want := range map[string]string{
		"2026-01-31":                            day,
		"2026-01-31T10":                         hour,
		"2026-01-31T10:20":                      hour,
		"2026-01-31T10:20:30":                   hour,
		"2026-01-31T10:20:30Z":                  hour,
		"2026-01-31T10:20:60Z":                  hour,
		"2026-01-31T10:20:30.1":                 hour,
		"2026-01-31T10:20:30.123456Z":           hour,
		"2026-01-31T10:20:30,12345678Z":         hour,
		"2026-01-31T10:20:30.123456789+01:00":   hour,
		"2026-01-31T10:20:30.12345678901234567": hour,
		"2026-01-31T10:20:30-0130":              hour,
		"2026-01-31T10:20:30 +01":               hour,
		"2026-01-31T10:20:30 UTC":               hour,
		"2026-01-31T10Z":                        hour,
		"2026-01-31T102030Z":                    hour,
		"2026-01-31T1020,5":                     hour,
		"2026-01-31 10:20:30":                   "2026|2026-01|2026-01-31|2026-01-31 10",
		"2026-01-31 10:20:30.5 Z":               "2026|2026-01|2026-01-31|2026-01-31 10",
		"20260131":                              "2026|202601|20260131|-",
		"20260131T102030":                       "2026|202601|20260131|20260131T10",
		"20260131 10:20:30":                     "2026|202601|20260131|20260131 10",
		"0000-02-29T23:59:59":                   "0000|0000-02|0000-02-29|0000-02-29T23",
		"2024-02-29T00:00:00Z":                  "2024|2024-02|2024-02-29|2024-02-29T00",
		"2000-02-29":                            "2000|2000-02|2000-02-29|-",
	} {
		if got := cut(t, value); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, value := range []string{
		"", "2", "2026", "2026-01", "202601", "2026-1-31", "2026-01-3", "26-01-31", "12026-01-31", "+2026-01-31", " 2026-01-31", "2026-01-31 ",
		"2026-0131", "202601-31", "2026/01/31", "31.01.2026", "01/31/2026", "2026-W05-6", "2026-031", "2026-01-31Z",
		"2026-00-31", "2026-13-31", "2026-01-00", "2026-01-32", "2026-02-29", "1900-02-29", "2026-04-31", "2026-02-30", "2024-02-30",
		"2026-01-31t10:20:30", "2026-01-31T", "2026-01-31T1", "2026-01-31T24:00:00", "2026-01-31T10:60:00", "2026-01-31T10:20:61",
		"2026-01-31T10:2", "2026-01-31T10:20:", "2026-01-31T10:2030", "2026-01-31T1020:30", "2026-01-31T10:20:30.", "2026-01-31T10:20:30.Z",
		"2026-01-31T10:20:30.5.5", "2026-01-31T10:20:30z", "2026-01-31T10:20:30ZZ", "2026-01-31T10:20:30  Z", "2026-01-31T10:20:30 ",
		"2026-01-31T10:20:30+", "2026-01-31T10:20:30+1", "2026-01-31T10:20:30+24", "2026-01-31T10:20:30+01:60", "2026-01-31T10:20:30+01:",
		"2026-01-31T10:20:30+01:00Z", "2026-01-31T10:20:30 PM", "2026-01-31 1:20 PM", "2026-01-31  10:20:30", "2026-01-31T10:20:30.1234567a",
		"2026-01-31T10:20:3a", "2026-01-31T10:20:30Z0", "２０２６-01-31", "2026-01-31T10:20:30\x00", "NULL", `\N`, "event_time", "1769854830",
		strings.Repeat("\x00", 16) + ":30Z",
	} {
		if got := cut(t, value); got != "-|-|-|-" {
			t.Errorf("%q: got %s", value, got)
		}
	}
}

// Every day of four centuries exists, and no other does.
func TestCalendar(t *testing.T) {
	for year := 1800; year < 2204; year++ {
		for month := range 20 {
			for day := range 40 {
				value := fmt.Sprintf("%04d-%02d-%02dT00:00:00Z", year, month, day)
				_, err := time.Parse(time.RFC3339, value)
				u := isotime.Day
				if valid := u.Cut([]byte(value)) == 10; valid != (err == nil) {
					t.Fatalf("%s: valid is %v, package time has %v", value, valid, err)
				}
				if year%100 < 5 {
					cut(t, value)
				}
			}
		}
	}
}

// Every value with one byte changed is refused or accepted by both
// implementations, and each time that package time accepts is accepted.
func TestCutAllEqualsCut(t *testing.T) {
	for _, value := range []string{"2026-01-31T10:20:30.123456Z", "2024-02-29 23:59:59", "2026-12-09T00:00:00Z", "20260131T102030.5+0100",
		"2026-10-28T19:09:39+01:00", "2026-10-28T19:09:39.1234-23:59", "2026-01-31"} {
		for i := range value {
			for c := range 256 {
				changed := []byte(value)
				changed[i] = byte(c)
				cut(t, string(changed))
			}
			cut(t, value[:i])
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		at := time.Unix(rng.Int64N(1<<33), rng.Int64N(1e9)).UTC()
		for _, layout := range []string{time.RFC3339, time.RFC3339Nano, time.DateTime, "20060102T150405Z0700", "2006-01-02 15:04:05.000"} {
			value := at.Format(layout)
			if got := cut(t, value); strings.HasPrefix(got, "-") {
				t.Fatalf("%s is refused", value)
			}
		}
	}
}

// CutAll returns the number of values before the first that is refused.
func TestCutAllStops(t *testing.T) {
	text := strings.Repeat("2026-01-31T10:20:30Z,", 5)
	for bad := range 5 {
		data := bytes.Clone([]byte(text + strings.Repeat("?", isotime.Slack)))[:len(text)]
		data[21*bad] = 'x'
		var starts, ends []uint32
		for i := range uint32(5) {
			starts, ends = append(starts, 21*i), append(ends, 21*i+20)
		}
		if n := isotime.Hour.CutAll(data, starts, ends); n != bad {
			t.Errorf("got %d, want %d", n, bad)
		}
		for i := range bad {
			if ends[i]-starts[i] != 13 {
				t.Errorf("value %d ends after %d bytes", i, ends[i]-starts[i])
			}
		}
	}
}

// The usual formats are cut without Cut.
func TestUsual(t *testing.T) {
	for _, value := range []string{"2026-01-31T10:20:30", "2026-12-09 23:59:59Z", "2026-06-30T00:00:00.1", "2026-10-28T19:09:39.12345678Z", "2026-01-31",
		"2026-10-28T19:09:39+01:00", "2026-10-28T19:09:39.123456-00:30"} {
		if !isotime.IsUsual(value) {
			t.Errorf("%s is not", value)
		}
	}
}

// A value is refused or accepted regardless of the value before it, which may
// have the same minute and length.
func TestCutAllAfterAnother(t *testing.T) {
	for _, before := range []string{"2026-01-31T10:20:30.123456Z", "2026-01-31T10:20:30", "2026-01-31T10:20:30+01:00", "2026-01-31T10:20:30.12-01:00"} {
		for at := range before {
			for c := range 256 {
				value := []byte(before)
				value[at] = byte(c)
				text := before + string(value)
				data := append([]byte(text), strings.Repeat("9", isotime.Slack)...)[:len(text)]
				n := uint32(len(before))
				starts, ends := []uint32{0, n}, []uint32{n, 2 * n}
				u := isotime.Hour
				cut := u.Cut(value)
				if got := u.CutAll(data, starts, ends); got != min(cut+2, 2) || got == 2 && int(ends[1]-n) != cut {
					t.Fatalf("%q after %q: got %d, %d; Cut returned %d", value, before, got, ends[1]-n, cut)
				}
			}
		}
	}
}

func BenchmarkCutAll(b *testing.B) {
	for _, layout := range []string{"2006-01-02T15:04:05.000000Z07:00", time.DateTime, time.DateOnly, "2006-01-02T15:04:05-07:00"} {
		for _, sorted := range []bool{false, true} {
			b.Run(fmt.Sprintf("layout=%s/sorted=%v", strings.ReplaceAll(layout, " ", "_"), sorted), func(b *testing.B) {
				var data []byte
				var starts, ends []uint32
				rng := rand.New(rand.NewPCG(1, 2))
				for i := range 4096 {
					starts = append(starts, uint32(len(data)))
					second := rng.Int64N(1 << 31)
					if sorted {
						second = int64(i)
					}
					data = time.Unix(second, rng.Int64N(1e9)).UTC().AppendFormat(data, layout)
					ends = append(ends, uint32(len(data)))
					data = append(data, ',')
				}
				data = append(data, make([]byte, isotime.Slack)...)[:len(data)]
				cuts := make([]uint32, len(ends))
				for b.Loop() {
					copy(cuts, ends)
					if n := isotime.Day.CutAll(data, starts, cuts); n != len(starts) {
						b.Fatal(n)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(starts)), "ns/value")
			})
		}
	}
}
