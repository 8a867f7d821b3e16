//go:build purego || !(amd64 || arm64)

package inflate

import "encoding/binary"

// cursor is a position in a buffer. Accesses are checked.
type cursor struct {
	b []byte
	i int
}

// cursorAt returns the position of b[i].
func cursorAt(b []byte, i int) cursor { return cursor{b, i} }

// plus returns the position n bytes after c.
func (c cursor) plus(n int) cursor { return cursor{c.b, c.i + n} }

// minus returns the number of bytes from o to c, which are in the same buffer.
func (c cursor) minus(o cursor) int { return c.i - o.i }

// before reports whether c is before o.
func (c cursor) before(o cursor) bool { return c.i < o.i }

func (c cursor) load64() uint64 { return binary.LittleEndian.Uint64(c.b[c.i:]) }

func (c cursor) store16(v uint16) { binary.LittleEndian.PutUint16(c.b[c.i:], v) }

// copy8 copies 8 bytes from o.
func (c cursor) copy8(o cursor) { binary.LittleEndian.PutUint64(c.b[c.i:], o.load64()) }

// copy16 copies 16 bytes from o.
func (c cursor) copy16(o cursor) { copy(c.b[c.i:c.i+16], o.b[o.i:o.i+16]) }
