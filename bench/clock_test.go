//go:build !linux

package bench

import "time"

var start = time.Now()

// threadTime returns the processor time of the calling thread, or where that is
// not available the time.
func threadTime() time.Duration { return time.Since(start) }
