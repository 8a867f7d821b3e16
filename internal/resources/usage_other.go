//go:build !unix

package resources

import "time"

// Usage returns zeros, because other systems do not report usage in this way.
func Usage() (cpu time.Duration, peak int64) { return 0, 0 }
