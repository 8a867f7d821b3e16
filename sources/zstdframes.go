package sources

import "encoding/binary"

// zstdFrames follows the structure of zstd data (RFC 8878, section 3.1) to tell
// which frames carry a checksum, which the decoder verifies but does not report.
// Its result means nothing for data that the decoder refuses.
type zstdFrames struct {
	number  int // frames with data that have begun
	checked int // those of them that carry a checksum

	head    []byte // of the header of a frame or block, while it is not complete
	skip    uint64 // bytes that are left of the block, checksum or skippable frame
	inFrame bool   // the next header is that of a block
	sum     uint64 // length of the checksum of the frame
}

// allChecked reports whether there were frames and each carries a checksum.
func (z *zstdFrames) allChecked() bool { return z.number > 0 && z.checked == z.number }

// add follows the bytes that come next.
func (z *zstdFrames) add(p []byte) {
	for len(p) > 0 {
		if n := min(z.skip, uint64(len(p))); n > 0 {
			z.skip -= n
			p = p[n:]
			continue
		}
		z.head, p = append(z.head, p[0]), p[1:]
		if z.inFrame && z.block() || !z.inFrame && z.frame() {
			z.head = z.head[:0]
		}
	}
}

// frame reports whether the header of a frame is complete, and takes note of it.
func (z *zstdFrames) frame() bool {
	n := len(z.head)
	switch {
	case n <= magicSize:
		return false
	case string(z.head[:magicSize]) != zstdMagic:
		if n < 8 {
			return false
		}
		z.skip = uint64(binary.LittleEndian.Uint32(z.head[4:]))
		return true
	}
	descriptor := z.head[magicSize]
	if n < magicSize+1+fieldsLength(descriptor) {
		return false
	}
	z.number++
	z.inFrame, z.sum = true, 0
	if descriptor&4 != 0 {
		z.checked++
		z.sum = 4
	}
	return true
}

// fieldsLength returns the length of what follows the descriptor in the header of
// a frame: window, dictionary, content size.
func fieldsLength(descriptor byte) int {
	n := [...]int{0, 1, 2, 4}[descriptor&3] + [...]int{0, 2, 4, 8}[descriptor>>6]
	if single := descriptor&0x20 != 0; !single || descriptor>>6 == 0 {
		n++
	}
	return n
}

// block reports whether the header of a block is complete, and takes note of it.
func (z *zstdFrames) block() bool {
	if len(z.head) < 3 {
		return false
	}
	h := uint32(z.head[0]) | uint32(z.head[1])<<8 | uint32(z.head[2])<<16
	z.skip = uint64(h >> 3)
	if h>>1&3 == 1 { // one byte that is repeated
		z.skip = 1
	}
	if h&1 == 1 {
		z.skip += z.sum
		z.inFrame = false
	}
	return true
}
