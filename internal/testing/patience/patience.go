// Package patience runs tests with limits of time that a busy machine may
// exceed. Only tests import it.
package patience

import (
	"testing"
	"time"
)

// Retry calls f with a larger scale each time until it returns nil, and fails
// the test with the last error. All times of f are multiplied by the scale. The
// largest turns a limit of half a second into one of half a minute, which a
// correct program keeps on any machine.
func Retry(t testing.TB, f func(scale time.Duration) error) {
	t.Helper()
	var err error
	for _, scale := range []time.Duration{1, 4, 16, 64} {
		if err = f(scale); err == nil {
			return
		}
		t.Logf("with times %d-fold: %v", scale, err)
	}
	t.Error(err)
}
