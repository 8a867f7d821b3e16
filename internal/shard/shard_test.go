package shard

import (
	"math"
	"testing"
)

// The bounds of all small jobs, against the definition.
func TestBounds(t *testing.T) {
	for total := int64(1); total <= 40; total++ {
		for n := 1; n <= 60; n++ {
			bounds := map[int64]bool{}
			for i := range n + 1 {
				want := total * int64(i) / int64(n)
				if got := Bound(total, i, n); got != want {
					t.Fatalf("shard %d of %d of %d begins at %d, want %d", i, n, total, got, want)
				}
				bounds[want] = true
			}
			for at := range total + 1 {
				if got := IsBound(total, at, n); got != bounds[at] {
					t.Fatalf("%d of %d is a bound of %d shards: got %v", at, total, n, got)
				}
			}
		}
	}
}

func TestLargeJob(t *testing.T) {
	const total, n = math.MaxInt64, math.MaxInt32
	for _, i := range []int{0, 1, n / 2, n - 1, n} {
		at := Bound(total, i, n)
		if !IsBound(total, at, n) {
			t.Errorf("shard %d begins at %d, which is not a bound", i, at)
		}
		if at < total && IsBound(total, at+1, n) {
			t.Errorf("%d is a bound", at+1)
		}
	}
	if got := Bound(total, n, n); got != total {
		t.Errorf("the last shard ends at %d", got)
	}
}
