package human

import (
	"slices"
	"testing"

	"fastcount/internal/display"
	"time"
)

func TestHuman(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Count(0), "0"},
		{Count(999), "999"},
		{Count(1000), "1,000"},
		{Count(999_999), "999,999"},
		{Count(1_234_567), "1,234,567"},
		{Count(153630201), "153,630,201"},
		{Count(1<<64 - 1), "18,446,744,073,709,551,615"},
		{Bytes(999), "999 B"},
		{Bytes(1000), "1.00 kB"},
		{Bytes(9_994_999), "9.99 MB"},
		{Bytes(9_999_999), "10.0 MB"},
		{Bytes(999_499_999), "999 MB"},
		{Bytes(999_999_999), "1.00 GB"},
		{Bytes(1<<64 - 1), "18.4 EB"},
		{Rate(0), "0"},
		{Rate(12.7), "13"},
		{Rate(17_300_000), "17.3 M"},
		{Duration(161 * time.Microsecond), "0.2 ms"},
		{Duration(42 * time.Millisecond), "42 ms"},
		{Duration(1234 * time.Millisecond), "1.23 s"},
		{Duration(59 * time.Second), "59.0 s"},
		{Duration(59_990 * time.Millisecond), "1 min 00 s"},
		{Duration(3599*time.Second + 600*time.Millisecond), "1 h 00 min"},
		{Duration(26 * time.Hour), "26 h 00 min"},
		{ETA(1200 * time.Millisecond), "2 s"},
		{ETA(185 * time.Second), "3:05 min"},
		{ETA(2*time.Hour + 3*time.Minute), "2:03 h"},
		{Numbered(1, "retry", "retries"), "1 retry"},
		{Numbered(0, "retry", "retries"), "0 retries"},
		{display.Line("a\x1b[2Jb\n\xffé"), `a\x1b[2Jb\n\xffé`},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	want := []string{"one two", "three", "extraordinary", "x"}
	if got := Wrap("one two three extraordinary x", 9); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
