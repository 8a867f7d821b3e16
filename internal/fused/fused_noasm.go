//go:build !amd64 || purego

package fused

import "fastcount/internal/intern"

// Available reports whether this processor and this build support [Path].
const Available = false

// Path is the fused path for records of one layout. In this build it counts
// nothing.
type Path struct{}

// New returns a Path.
func New(Layout, func(name []byte) bool) *Path { return new(Path) }

// Count returns 0, 0.
func (*Path) Count(data []byte, stop int, first, second *intern.Table, counts []uint64, stride int) (used, rows int) {
	return 0, 0
}

// Reset does nothing.
func (*Path) Reset() {}
