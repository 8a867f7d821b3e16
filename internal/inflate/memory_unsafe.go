//go:build (amd64 || arm64) && !purego

package inflate

import "unsafe"

// cursor is a position in a buffer. Accesses are not checked. The processor
// must be little-endian and allow unaligned accesses.
type cursor struct{ p unsafe.Pointer }

// cursorAt returns the position of b[i].
func cursorAt(b []byte, i int) cursor {
	return cursor{unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)}
}

// plus returns the position n bytes after c.
func (c cursor) plus(n int) cursor { return cursor{unsafe.Add(c.p, n)} }

// minus returns the number of bytes from o to c, which are in the same buffer.
func (c cursor) minus(o cursor) int { return int(uintptr(c.p) - uintptr(o.p)) }

// before reports whether c is before o.
func (c cursor) before(o cursor) bool { return uintptr(c.p) < uintptr(o.p) }

func (c cursor) load64() uint64 { return *(*uint64)(c.p) }

func (c cursor) store16(v uint16) { *(*uint16)(c.p) = v }

// copy8 copies 8 bytes from o.
func (c cursor) copy8(o cursor) { *(*uint64)(c.p) = *(*uint64)(o.p) }

// copy16 copies 16 bytes from o.
func (c cursor) copy16(o cursor) { *(*[16]byte)(c.p) = *(*[16]byte)(o.p) }
