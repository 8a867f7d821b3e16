//go:build !amd64 || purego

package fused

import "fastcount/internal/intern"

// Available says whether this processor and this build have the road.
const Available = false

// Road counts the records of one layout. In this build it goes nowhere.
type Path struct{}

// New returns a road for records of this layout.
func New(Layout) *Path { return new(Path) }

// Count counts nothing.
func (*Path) Count(data []byte, stop int, first, second *intern.Table, counts []uint64, stride int) (used, rows int) {
	return 0, 0
}

// Reset does nothing.
func (*Path) Reset() {}
