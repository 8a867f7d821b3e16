package sinks

import "testing"

func TestGroupDigits(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 999: "999", 1000: "1,000", 999_999: "999,999", 1_234_567: "1,234,567",
		1<<64 - 1: "18,446,744,073,709,551,615",
	} {
		if got := groupDigits(n); got != want {
			t.Errorf("groupDigits(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	tests := []struct {
		part, whole uint64
		want        string
	}{
		{1, 1_000_000, "▏"}, {1, 32, "▏"}, {2, 32, "▎"}, {7, 32, "▉"}, {8, 32, "█"}, {17, 32, "██▏"},
		{32, 32, "████"}, {1<<64 - 1, 1<<64 - 1, "████"}, {1 << 63, 1<<64 - 1, "██"},
	}
	for _, tt := range tests {
		if got := bar(tt.part, tt.whole, 4); got != tt.want {
			t.Errorf("bar(%d, %d, 4) = %q, want %q", tt.part, tt.whole, got, tt.want)
		}
	}
}
