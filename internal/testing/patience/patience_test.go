package patience_test

import (
	"errors"
	"testing"
	"time"

	"fastcount/internal/testing/patience"
)

// recorder is a test that keeps whether it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()             {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Error(...any)        { r.failed = true }

// TestRetry has functions succeed from a scale on.
func TestRetry(t *testing.T) {
	for from, want := range map[time.Duration]struct {
		calls  int
		failed bool
	}{1: {1, false}, 2: {2, false}, 64: {4, false}, 65: {4, true}} {
		r, calls := &recorder{TB: t}, 0
		patience.Retry(r, func(scale time.Duration) error {
			if calls++; scale < from {
				return errors.New("too slow")
			}
			return nil
		})
		if calls != want.calls || r.failed != want.failed {
			t.Errorf("from %d: %d calls, failed %v", from, calls, r.failed)
		}
	}
}
