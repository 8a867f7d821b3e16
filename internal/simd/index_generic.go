package simd

import (
	"encoding/binary"
	"math/bits"
)

// The generic kernel works on 64 bytes at a time, as eight words of eight bytes ("SIMD within a register"), and
// reduces each group to 64-bit masks in which bit i stands for byte i.

const (
	ones  = 0x0101010101010101 // 1 in each byte
	highs = 0x8080808080808080 // the high bit of each byte
	group = 64                 // bytes reduced to one mask
)

func indexGeneric(dst []uint32, b []byte, comma byte) Marks {
	s := scan{dst: dst, commas: ones * uint64(comma)}
	at := 0
	for ; at+group <= len(b); at += group {
		if !s.group((*[group]byte)(b[at:]), uint32(at), ^uint64(0)) {
			return Marks{Quote: true}
		}
	}
	return s.finish(b, at, comma)
}

// finish looks at b[at:], which is less than a group, and returns what all of b holds.
func (s *scan) finish(b []byte, at int, comma byte) Marks {
	rest := b[at:]
	if len(rest) == 0 {
		return s.marks
	}
	last := padding(comma)
	copy(last[:], rest)
	if !s.group(&last, uint32(at), uint64(1)<<len(rest)-1) {
		return Marks{Quote: true}
	}
	return s.marks
}

// padding returns a group without a separator, for what lies behind the end of the input.
func padding(comma byte) (b [group]byte) {
	if comma == 0 {
		for i := range b {
			b[i] = 'x'
		}
	}
	return b
}

// scan is the state that goes from one group to the next.
type scan struct {
	marks   Marks
	dst     []uint32
	commas  uint64 // the delimiter repeated in each byte
	afterCR uint64 // bit 0 is set if the byte before this group is a carriage return
}

// group looks at one group, which begins at offset at; valid has a bit for each byte that belongs to the input.
// It returns false if there is a quote.
func (s *scan) group(b *[group]byte, at uint32, valid uint64) bool {
	var separators, newlines, odd uint64
	for i := 0; i < group; i += 8 {
		w := binary.LittleEndian.Uint64(b[i : i+8])
		lf := zeroBytes(w ^ ones*'\n')
		separators |= pack(zeroBytes(w^s.commas)|lf) << i
		newlines += lf >> 7
		odd |= hasZero(w^ones*'"') | hasZero(w^ones*'\r')
	}
	s.marks.Newlines += int(newlines * ones >> 56) // eight counters of at most 8 each, added up in the top byte
	if odd|s.afterCR != 0 && !s.odd(b, valid) {
		return false
	}
	s.marks.Separators = extract(s.dst, s.marks.Separators, at, separators)
	return true
}

// odd looks again at a group that has a quote or a carriage return in it or right before it.
func (s *scan) odd(b *[group]byte, valid uint64) bool {
	var newline, quote, cr uint64
	for i := 0; i < group; i += 8 {
		w := binary.LittleEndian.Uint64(b[i : i+8])
		newline |= pack(zeroBytes(w^ones*'\n')) << i
		quote |= pack(zeroBytes(w^ones*'"')) << i
		cr |= pack(zeroBytes(w^ones*'\r')) << i
	}
	s.marks.CR = s.marks.CR || cr != 0
	if (cr<<1|s.afterCR)&^newline&valid != 0 {
		s.marks.LoneCR = true
	}
	s.afterCR = cr >> 63
	return quote == 0
}

// zeroBytes returns a word with the high bit set in exactly those bytes that are zero in w. Unlike hasZero it
// has no false positives: the addition cannot carry from one byte into the next.
func zeroBytes(w uint64) uint64 {
	return ^((w&^highs + ^uint64(highs)) | w | ^uint64(highs))
}

// hasZero is not 0 if and only if w has a zero byte; which one it does not tell, because a borrow can mark bytes
// above a zero byte as well.
func hasZero(w uint64) uint64 {
	return (w - ones) &^ w & highs
}

// pack moves the high bits of the eight bytes of w, all other bits being 0, into the low byte: the multiplication
// adds eight copies, each shifted so that bit 8i+7 arrives at bit 56+i and nothing else arrives there.
func pack(w uint64) uint64 {
	return (w >> 7) * 0x0102040810204080 >> 56
}

// extract writes base plus the position of each set bit of mask to dst[n:] and returns the new n. It writes eight
// entries whether there are so many or not: the number of separators in a group cannot be predicted, and garbage
// that the next group overwrites costs less than a branch taken wrongly.
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
