//go:build purego || !(amd64 || arm64)

package inflate

import "encoding/binary"

// memory is a buffer whose accesses are checked.
type memory []byte

func memoryOf(b []byte) memory { return b }

func (m memory) load64(i int) uint64 { return binary.LittleEndian.Uint64(m[i:]) }

func (m memory) store16(i int, v uint16) { binary.LittleEndian.PutUint16(m[i:], v) }

func (m memory) store64(i int, v uint64) { binary.LittleEndian.PutUint64(m[i:], v) }

func (m memory) copy8(to, from int) { m.store64(to, m.load64(from)) }

func (m memory) copy16(to, from int) { copy(m[to:to+16], m[from:from+16]) }
