package mapped

import (
	"testing"
	"time"
)

// read is a choice that has seen reads of one nanosecond per byte.
func read() *choice {
	c := new(choice)
	for range minReads {
		c.copied(minCopied, minCopied)
	}
	return c
}

func TestNoWindowBeforeReads(t *testing.T) {
	c := new(choice)
	for range 100 {
		c.copied(minCopied-1, 1)
	}
	for i := range minReads {
		if c.window(1 << 40) {
			t.Errorf("a window after %d reads", i)
		}
		c.copied(minCopied, minCopied)
	}
	if !c.window(0) {
		t.Error("no window after enough reads")
	}
}

// Windows are used while they cost at most half of what the fastest read cost.
func TestCheapWindows(t *testing.T) {
	c := read()
	c.copied(1<<20, time.Hour)
	for i := range 100 {
		c.mapped(windowSize, int64(i)*windowSize, windowSize/2)
		if !c.window(int64(i) * windowSize) {
			t.Fatalf("no window after %d cheap ones", i)
		}
	}
	c.copied(minCopied, minCopied/2)
	for range maxSlow + 1 {
		c.mapped(windowSize, 0, windowSize/2)
	}
	if c.window(0) {
		t.Error("a window that costs as much as the fastest read")
	}
}

// A few slow windows change nothing. After more, windows are tried again after
// pauses that double up to a maximum.
func TestSlowWindows(t *testing.T) {
	c := read()
	for range 10 {
		for range maxSlow {
			c.mapped(windowSize, 0, windowSize)
			c.mapped(windowSize/2-1, 0, windowSize) // not counted
		}
		if !c.window(0) {
			t.Fatal("no window after a few slow ones")
		}
		c.mapped(windowSize, 0, 1)
	}
	for range maxSlow {
		c.mapped(windowSize, 0, windowSize)
	}
	at := int64(0)
	for want := int64(minPause); want <= 4*maxPause; want *= 2 {
		c.mapped(windowSize, at, windowSize)
		end := at + min(want, maxPause)
		if c.window(end-1) || !c.window(end) {
			t.Fatalf("slow window at %d: next one at %d, want %d", at, c.next, end)
		}
		at = end
	}
	c.mapped(windowSize, at, 1)
	if !c.window(at) || c.pause != 0 {
		t.Error("a cheap window does not end the pauses")
	}
}
