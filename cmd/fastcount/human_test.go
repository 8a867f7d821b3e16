package main

import (
	"slices"
	"testing"

	"fastcount/internal/display"
	"time"
)

func TestHuman(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{humanCount(0), "0"},
		{humanCount(999), "999"},
		{humanCount(1000), "1,000"},
		{humanCount(153630201), "153,630,201"},
		{humanCount(1<<64 - 1), "18,446,744,073,709,551,615"},
		{humanBytes(999), "999 B"},
		{humanBytes(1000), "1.00 kB"},
		{humanBytes(9_994_999), "9.99 MB"},
		{humanBytes(9_999_999), "10.0 MB"},
		{humanBytes(999_499_999), "999 MB"},
		{humanBytes(999_999_999), "1.00 GB"},
		{humanBytes(1<<64 - 1), "18.4 EB"},
		{humanRate(0), "0"},
		{humanRate(12.7), "13"},
		{humanRate(17_300_000), "17.3 M"},
		{humanTime(161 * time.Microsecond), "0.2 ms"},
		{humanTime(42 * time.Millisecond), "42 ms"},
		{humanTime(1234 * time.Millisecond), "1.23 s"},
		{humanTime(59 * time.Second), "59.0 s"},
		{humanTime(59_990 * time.Millisecond), "1 min 00 s"},
		{humanTime(3599*time.Second + 600*time.Millisecond), "1 h 00 min"},
		{humanTime(26 * time.Hour), "26 h 00 min"},
		{humanETA(1200 * time.Millisecond), "2 s"},
		{humanETA(185 * time.Second), "3:05 min"},
		{humanETA(2*time.Hour + 3*time.Minute), "2:03 h"},
		{numbered(1, "retry", "retries"), "1 retry"},
		{numbered(0, "retry", "retries"), "0 retries"},
		{display.Line("a\x1b[2Jb\n\xffé"), `a\x1b[2Jb\n\xffé`},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	want := []string{"one two", "three", "extraordinary", "x"}
	if got := wrap("one two three extraordinary x", 9); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
