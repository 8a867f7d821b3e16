//go:build (amd64 || arm64) && !purego

package inflate

import "unsafe"

// memory is a buffer whose accesses are not checked. The processor must be
// little-endian and allow unaligned accesses.
type memory struct{ p unsafe.Pointer }

func memoryOf(b []byte) memory { return memory{unsafe.Pointer(unsafe.SliceData(b))} }

func (m memory) load64(i int) uint64 { return *(*uint64)(unsafe.Add(m.p, i)) }

func (m memory) store16(i int, v uint16) { *(*uint16)(unsafe.Add(m.p, i)) = v }

func (m memory) store64(i int, v uint64) { *(*uint64)(unsafe.Add(m.p, i)) = v }

func (m memory) copy8(to, from int) { m.store64(to, m.load64(from)) }

func (m memory) copy16(to, from int) {
	*(*[16]byte)(unsafe.Add(m.p, to)) = *(*[16]byte)(unsafe.Add(m.p, from))
}
