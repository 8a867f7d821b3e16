//go:build !unix

package resources

import "time"

// Usage returns zeros: what this process used is not known here.
func Usage() (cpu time.Duration, peak int64) { return 0, 0 }
