package mapped

import "time"

// A choice decides between windows and read(2) for each part of a file, by what
// they cost. In the zero value nothing is known.
//
// The first bytes are read, so that small files are never mapped. After some
// windows that are not clearly cheaper than reading, more bytes are read before
// a window is tried again, and twice that number after each further one. A
// cheap window ends that.
type choice struct {
	reads    int     // number of reads seen, up to minReads
	copyCost float64 // lowest of them, in nanoseconds per byte
	slow     int     // number of windows since a cheap one
	pause    int64   // number of bytes to read before the next window
	next     int64   // offset at which that ends
	disabled bool
}

const (
	// minReads is the number of reads that are needed for a comparison. The
	// first read into a new buffer is slow.
	minReads = 4

	// minCopied is the size of the reads that are compared. The cost of smaller
	// ones is that of the system call.
	minCopied = 64 << 10

	// worthwhile is the greatest ratio of the costs of a window and of reading
	// at which a window is cheap. Reading also brings the bytes into the cache.
	worthwhile = 0.5

	// maxSlow is the number of consecutive windows that may be slow, since any
	// measurement includes what other processes do.
	maxSlow = 1

	minPause = 4 << 20
	maxPause = 64 << 20
)

// window reports whether to map the bytes at the offset at.
func (c *choice) window(at int64) bool {
	return !c.disabled && c.reads == minReads && at >= c.next
}

// copied records that reading n bytes took d.
func (c *choice) copied(n int, d time.Duration) {
	if n < minCopied {
		return
	}
	cost := float64(d) / float64(n)
	if c.reads == 0 || cost < c.copyCost {
		c.copyCost = cost
	}
	c.reads = min(c.reads+1, minReads)
}

// mapped records that mapping the n bytes before the offset end took d.
func (c *choice) mapped(n, end int64, d time.Duration) {
	if n < windowSize/2 {
		return // not representative
	}
	if float64(d) <= worthwhile*c.copyCost*float64(n) {
		c.slow, c.pause = 0, 0
		return
	}
	if c.slow++; c.slow > maxSlow {
		c.later(end)
	}
}

// later defers the next window.
func (c *choice) later(at int64) {
	c.pause = min(max(2*c.pause, minPause), maxPause)
	c.next = at + c.pause
}

// never prevents further windows.
func (c *choice) never() { c.disabled = true }
