package simd

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// The generic kernel searches for single bytes with package bytes, which is
// optimized for most processors. For the offsets it processes groups of 64
// bytes as eight words of eight bytes (SIMD within a register) and reduces each
// group to a 64-bit mask in which bit i represents byte i.

const (
	ones  = 0x0101010101010101 // 1 in each byte
	highs = 0x8080808080808080 // the high bit of each byte
	group = 64                 // bytes reduced to one mask
)

func indexGeneric(dst []uint32, b []byte, delimiter byte) Marks {
	return Marks{}.finish(dst, b, 0, delimiter)
}

// finish completes m, the result for b[:at], with a scan of b[at:] and returns
// the result for b.
func (m Marks) finish(dst []uint32, b []byte, at int, delimiter byte) Marks {
	rest := b[at:]
	if bytes.IndexByte(rest, '"') >= 0 {
		return Marks{Quote: true}
	}
	m.Newlines += bytes.Count(rest, []byte{'\n'})
	m.CR = m.CR || bytes.IndexByte(rest, '\r') >= 0
	m.LoneCR = m.LoneCR || m.CR && hasLoneCR(b[max(at-1, 0):]) // the previous byte may be a carriage return
	m.Offsets = writeOffsets(dst, m.Offsets, b, at, delimiter)
	return m
}

// hasLoneCR reports whether a carriage return is followed by a byte other than
// a line feed.
func hasLoneCR(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '\r')
		if i < 0 || i+1 == len(b) {
			return false
		}
		if b[i+1] != '\n' {
			return true
		}
		b = b[i+2:]
	}
}

// writeOffsets writes the offsets of the delimiters and line feeds in b[at:] to
// dst[n:] and returns the new n.
func writeOffsets(dst []uint32, n int, b []byte, at int, delimiter byte) int {
	delimiters := ones * uint64(delimiter)
	for ; at+group <= len(b); at += group {
		n = extract(dst, n, uint32(at), fieldEnds((*[group]byte)(b[at:]), delimiters))
	}
	if at == len(b) {
		return n
	}
	var last [group]byte
	inside := uint64(1)<<copy(last[:], b[at:]) - 1 // the delimiter may be NUL, as the padding is
	return extract(dst, n, uint32(at), fieldEnds(&last, delimiters)&inside)
}

// fieldEnds returns the mask of the delimiters and line feeds of a group. It is
// unrolled because a loop takes 20 % longer.
func fieldEnds(b *[group]byte, delimiters uint64) uint64 {
	return fieldEnds8(b[0:8], delimiters) |
		fieldEnds8(b[8:16], delimiters)<<8 |
		fieldEnds8(b[16:24], delimiters)<<16 |
		fieldEnds8(b[24:32], delimiters)<<24 |
		fieldEnds8(b[32:40], delimiters)<<32 |
		fieldEnds8(b[40:48], delimiters)<<40 |
		fieldEnds8(b[48:56], delimiters)<<48 |
		fieldEnds8(b[56:64], delimiters)<<56
}

// fieldEnds8 is fieldEnds for eight bytes. delimiters holds the delimiter in
// each byte.
func fieldEnds8(b []byte, delimiters uint64) uint64 {
	w := binary.LittleEndian.Uint64(b)
	return pack(^(notZero(w^ones*'\n') & notZero(w^delimiters)) & highs)
}

// notZero returns a word in which the high bit of each byte is set if that byte
// of w is not zero. The other bits are unspecified. No byte carries into the
// next one, since 0x7f + 0x7f is less than 0x100.
func notZero(w uint64) uint64 {
	return (w&^highs + ^uint64(highs)) | w
}

// pack moves the high bits of the eight bytes of w to the low byte. All other
// bits of w must be zero. The multiplication adds eight shifted copies of w
// such that bit 8i+7 is moved to bit 56+i and no two set bits coincide.
func pack(w uint64) uint64 {
	return w * 0x0002040810204081 >> 56
}

// extract writes base plus the position of each set bit of mask to dst[n:] and
// returns the new n. It writes a multiple of eight entries; the excess is
// overwritten by the next group. The number of set bits cannot be predicted,
// and the excess costs less than a mispredicted branch.
func extract(dst []uint32, n int, base uint32, mask uint64) int {
	end := n + bits.OnesCount64(mask)
	for {
		d := (*[8]uint32)(dst[n:])
		d[0] = base + uint32(bits.TrailingZeros64(mask))
		mask &= mask - 1
		d[1] = base + uint32(bits.TrailingZeros64(mask))
		mask &= mask - 1
		d[2] = base + uint32(bits.TrailingZeros64(mask))
		mask &= mask - 1
		d[3] = base + uint32(bits.TrailingZeros64(mask))
		mask &= mask - 1
		d[4] = base + uint32(bits.TrailingZeros64(mask))
		mask &= mask - 1
		d[5] = base + uint32(bits.TrailingZeros64(mask))
		mask &= mask - 1
		d[6] = base + uint32(bits.TrailingZeros64(mask))
		mask &= mask - 1
		d[7] = base + uint32(bits.TrailingZeros64(mask))
		mask &= mask - 1
		if n += 8; n >= end {
			return end
		}
	}
}
