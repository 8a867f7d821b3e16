//go:build !amd64 || purego

package fused

import "fastcount/internal/intern"

// Available says whether this processor and this build have the road.
const Available = false

// Road counts the records of one layout. In this build it goes nowhere.
type Road struct{}

// New returns a road for records of this layout.
func New(Layout) *Road { return new(Road) }

// Count counts nothing.
func (*Road) Count(data []byte, stop int, first, second *intern.Table, counts []uint64, stride int) (used, rows int) {
	return 0, 0
}

// Reset does nothing.
func (*Road) Reset() {}
