package sinks

import (
	"math"
	"slices"
	"testing"
)

func TestScale(t *testing.T) {
	tests := []struct {
		least, most uint64
		starts      [8]uint64
	}{
		{1, 256, [8]uint64{1, 2, 4, 8, 16, 32, 64, 128}},
		{100, 25_600, [8]uint64{100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800}},
		{1, 3, [8]uint64{1, 2, 2, 2, 2, 2, 3, 3}},
		{5, 5, [8]uint64{5, 5, 5, 5, 5, 5, 5, 5}},
		{math.MaxUint64, math.MaxUint64, [8]uint64{
			math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64,
			math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64}},
	}
	for _, tt := range tests {
		if got := newScale(tt.least, tt.most).starts; got != tt.starts {
			t.Errorf("newScale(%d, %d) starts at %d, want %d", tt.least, tt.most, got, tt.starts)
		}
	}
}

// It checks that each count is in the step that the legend gives it, and that
// steps have no gaps between them.
func TestScaleSteps(t *testing.T) {
	numbers := []uint64{1, 2, 3, 7, 100, 1_489, 3_135, 1 << 32, 1<<53 + 1, 1<<63 + 1, math.MaxUint64 - 2_000, math.MaxUint64}
	for i, least := range numbers {
		for _, most := range numbers[i:] {
			s := newScale(least, most)
			if !slices.IsSorted(s.starts[:]) || s.starts[0] != least || s.starts[7] > most {
				t.Errorf("from %d to %d: the steps start at %d", least, most, s.starts)
			}
			for _, n := range numbers {
				if n < least || n > most {
					continue
				}
				if step := s.step(n); n < s.starts[step-1] || n > s.last(step) {
					t.Errorf("from %d to %d: %d is in step %d, which goes from %d to %d", least, most, n, step, s.starts[step-1], s.last(step))
				}
			}
		}
	}
}
