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

// position returns "in", "before", "after" or "unchecked". It fails the test
// unless the value has the same position after others, which Count remembers.
func position(t *testing.T, w *isotime.Window, value string, others ...string) string {
	t.Helper()
	one := count(w, value)
	var all isotime.Counts
	for _, v := range others {
		all.Add(count(w, v))
	}
	all.Add(one)
	all.Add(one)
	if got := count(w, append(others, value, value)...); got != all {
		t.Errorf("%q after %q: got %+v, want %+v", value, others, got, all)
	}
	switch one {
	case isotime.Counts{}:
		return "in"
	case isotime.Counts{Before: 1}:
		return "before"
	case isotime.Counts{After: 1}:
		return "after"
	case isotime.Counts{Unchecked: 1}:
		return "unchecked"
	}
	return fmt.Sprint(one)
}

func count(w *isotime.Window, values ...string) (c isotime.Counts) {
	text := strings.Join(values, ",") + strings.Repeat("7", isotime.Slack)
	data := []byte(text)[:len(text)-isotime.Slack]
	var starts, ends []uint32
	at := 0
	for _, v := range values {
		starts, ends = append(starts, uint32(at)), append(ends, uint32(at+len(v)))
		at += len(v) + 1
	}
	w.Count(&c, data, starts, ends)
	return c
}

func TestWindow(t *testing.T) {
	w := isotime.NewWindow("2025-08-26T10:20:30.5", "2025-09-02T17:31:38")
	inside := "2025-08-28T01:02:03"
	for value, want := range map[string]string{
		"2025-08-26T10:20:30.5":          "in", // the bounds are inclusive
		"2025-08-26T10:20:30.500000Z":    "in",
		"2025-08-26 10:20:30,50 UTC":     "in",
		"20250826T102030.5Z":             "in",
		"2025-08-26T10:20:30.4999999Z":   "before",
		"2025-08-26T10:20:30.49999999Z":  "before",
		"2025-08-26T10:20:30.50000000Z":  "in",
		"2025-08-26T10:20:30.500000001Z": "in",
		"2025-08-26T10:20:30Z":           "before",
		"20250826 102030":                "before",
		"2025-08-26T10:20:31Z":           "in",
		"2025-08-26T10:19:59.999999Z":    "before",
		"2025-08-26T10:21:00Z":           "in",
		"2025-09-02T17:31:38Z":           "in",
		"2025-09-02T17:31:38.000000Z":    "in",
		"2025-09-02T17:31:38.000001Z":    "after",
		"2025-09-02T17:31:38,1":          "after",
		"2025-09-02T17:31:39":            "after",
		"2025-09-02T17:30:59.999999Z":    "in",
		"2025-09-02T17:32:00Z":           "after",
		"2025-09-02T17:31:60Z":           "after",
		"2025-08-31T23:59:60Z":           "in",
		"2024-08-28T01:02:03Z":           "before",
		"2026-08-28T01:02:03Z":           "after",
		"2028-02-29T01:02:03Z":           "after",

		"2025-08-28T01:02:03Z": "in",
		"2025-08-28T01:02:03":  "in",
		"2025-08-28 01:02:03Z": "in",
		"20250828T010203":      "in",

		// What is not written can be any time.
		"2025-08-25":        "before",
		"2025-08-26":        "in",
		"20250902":          "in",
		"2025-09-03":        "after",
		"2025-08-26T09":     "before",
		"2025-08-26T10Z":    "in",
		"2025-08-26T10:19":  "before",
		"2025-08-26 10:20Z": "in",
		"20250902T1731":     "in",
		"2025-09-02T17:32":  "after",
		"2025-09-02T18":     "after",

		"2025-08-28T01:02:03+00:00":         "unchecked",
		"2025-08-28T01:02:03.5+02":          "unchecked",
		"2025-08-28T01:02:03-0130":          "unchecked",
		"2025-08-28T01:02:03.123456-01:30":  "unchecked",
		"1999-08-28T01:02:03+01:00":         "unchecked",
		"2025-08-28T01.5":                   "unchecked",
		"2025-08-28T01:02.5Z":               "unchecked",
		"2025-08-28t01:02:03z":              "unchecked",
		"2025-02-30T01:02:03Z":              "unchecked",
		"2025-08-28T01:02:03ZZ":             "unchecked",
		"2025-08-28T24:00:00Z":              "unchecked",
		"":                                  "unchecked",
		"NULL":                              "unchecked",
		"1756252800":                        "unchecked",
		strings.Repeat("\x00", 16) + ":03Z": "unchecked",
	} {
		for _, others := range [][]string{nil, {inside}, {inside + "Z"}, {inside + ".123456Z"}, {inside + "+00:00"}, {"1999-08-28T01:02:03Z"}} {
			if got := position(t, w, value, others...); got != want {
				t.Errorf("%q after %q: got %s, want %s", value, others, got, want)
			}
		}
	}
}

// Bounds may have other forms than the values.
func TestBounds(t *testing.T) {
	for _, c := range []struct{ start, end, value, want string }{
		{"2025-08-26", "2025-08-26", "2025-08-26T23:59:59.9Z", "in"},
		{"2025-08-26", "2025-08-26", "2025-08-27T00:00:00Z", "after"},
		{"2025-08-26T10", "2025-08-26T11", "2025-08-26T11:30:00Z", "in"},
		{"20250826T100000Z", "2025-08-26 10:00:00 UTC", "2025-08-26T10:00:00.0", "in"},
		{"20250826T100000Z", "2025-08-26 10:00:00 UTC", "2025-08-26T09:59:59", "before"},
		{"2025-08-27T00:00:00", "2025-08-26T00:00:00", "2025-08-26T12:00:00", "before"},
		{"2025-08-26T00:00:00+02:00", "2025-08-27T00:00:00", "2025-08-26T12:00:00Z", "unchecked"},
		{"2025-08-26T00:00:00", "2025-08-27T00:00:00-02:00", "2025-08-26T12:00:00Z", "unchecked"},
		{"", "2025-08-27T00:00:00", "2025-08-26T12:00:00Z", "unchecked"},
		{"yesterday", "today", "2025-08-26T12:00:00Z", "unchecked"},
	} {
		if got := position(t, isotime.NewWindow(c.start, c.end), c.value); got != c.want {
			t.Errorf("%s in %s to %s: got %s, want %s", c.value, c.start, c.end, got, c.want)
		}
	}
}

// Random times have the position that package time determines.
func TestWindowEqualsTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	layouts := []string{time.RFC3339Nano, "2006-01-02T15:04:05.000000Z", "2006-01-02 15:04:05.999999999", "20060102T150405.000000000"}
	for range 2000 {
		at := func() time.Time {
			return time.Unix(1756166400+rng.Int64N(200)*rng.Int64N(1000), rng.Int64N(3)*rng.Int64N(4e8)).UTC()
		}
		start, end := at(), at()
		w := isotime.NewWindow(start.Format(time.RFC3339Nano), end.Format(layouts[2]))
		var values []string
		var want isotime.Counts
		for range 20 {
			v, layout := at(), layouts[rng.IntN(len(layouts))]
			switch rng.IntN(10) {
			case 0:
				v = start
			case 1:
				v = end
			}
			if layout == layouts[1] {
				v = v.Truncate(time.Microsecond)
			}
			switch {
			case v.Before(start):
				want.Before++
			case v.After(end):
				want.After++
			}
			values = append(values, v.Format(layout))
		}
		if got := count(w, values...); got != want {
			t.Fatalf("%q in %v to %v: got %+v, want %+v", values, start, end, got, want)
		}
	}
}

func BenchmarkWindow(b *testing.B) {
	var text bytes.Buffer
	var starts, ends []uint32
	at := time.Date(2025, 8, 26, 0, 0, 0, 0, time.UTC)
	for i := range 1000 {
		starts = append(starts, uint32(text.Len()))
		text.WriteString(at.Add(time.Duration(i)*3*time.Second + 4906404).Format("2006-01-02T15:04:05.000000Z"))
		ends = append(ends, uint32(text.Len()))
	}
	text.WriteString(strings.Repeat("?", isotime.Slack))
	data := text.Bytes()[:text.Len()-isotime.Slack]
	w := isotime.NewWindow("2025-08-26T00:00:00", "2025-08-27T00:00:00")
	var c isotime.Counts
	for b.Loop() {
		w.Count(&c, data, starts, ends)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/value")
	if c != (isotime.Counts{}) {
		b.Fatal(c)
	}
}
