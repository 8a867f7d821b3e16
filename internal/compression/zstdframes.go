package compression

import "encoding/binary"

// zstdFrames parses the structure of zstd data (RFC 8878, section 3.1) to count
// the frames with a checksum, which the decoder verifies but does not report.
// Its result is valid only for data that the decoder accepts.
type zstdFrames struct {
	number  int // data frames that have begun
	checked int // those of them that carry a checksum

	head    []byte // incomplete header of a frame or block
	skip    uint64 // remaining bytes of the block, checksum or skippable frame
	inFrame bool   // the next header is that of a block
	sum     uint64 // length of the checksum of the frame
}

// allChecked reports whether there were frames and each has a checksum.
func (z *zstdFrames) allChecked() bool { return z.number > 0 && z.checked == z.number }

// add parses the next bytes.
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

// frame parses the header of a frame and reports whether it is complete.
func (z *zstdFrames) frame() bool {
	n := len(z.head)
	switch {
	case n <= zstdSize:
		return false
	case string(z.head[:zstdSize]) != zstdMagic:
		if n < 8 {
			return false
		}
		z.skip = uint64(binary.LittleEndian.Uint32(z.head[4:]))
		return true
	}
	descriptor := z.head[zstdSize]
	if n < zstdSize+1+fieldsLength(descriptor) {
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

// fieldsLength returns the length of the fields that follow the descriptor in
// the header of a frame: window, dictionary, content size.
func fieldsLength(descriptor byte) int {
	n := [...]int{0, 1, 2, 4}[descriptor&3] + [...]int{0, 2, 4, 8}[descriptor>>6]
	if single := descriptor&0x20 != 0; !single || descriptor>>6 == 0 {
		n++
	}
	return n
}

// block parses the header of a block and reports whether it is complete.
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
