package sinks

import "testing"

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
