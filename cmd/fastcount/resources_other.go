//go:build !unix

package main

import "time"

// resources returns zeros: what this process used is not known here.
func resources() (cpu time.Duration, peak int64) { return 0, 0 }
