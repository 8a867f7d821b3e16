//go:build !purego

#include "textflag.h"

// NEON has no instruction that converts the result of a comparison to a bit
// mask. Instead, each byte that is 0xff is reduced to one bit, 1<<i for byte i
// of eight (the weights in V31), and three rounds of pairwise addition (VADDP)
// combine eight bytes into one: 64 bytes become 32, 16 and 8. Bit i of the
// result represents byte i of the group. Bytes that are added have no bits in
// common, so the addition is equivalent to OR. Two masks share the last round.

// COMPARE sets the bytes of a, b, c and d to 0xff where the group (V4 to V7)
// equals char, and to 0 elsewhere.
#define COMPARE(char, a, b, c, d) \
	VCMEQ char.B16, V4.B16, a.B16; \
	VCMEQ char.B16, V5.B16, b.B16; \
	VCMEQ char.B16, V6.B16, c.B16; \
	VCMEQ char.B16, V7.B16, d.B16

// NARROW does the first two rounds: it reduces a, b, c and d, as set by
// COMPARE, to 16 bytes in a.
#define NARROW(a, b, c, d) \
	VAND  V31.B16, a.B16, a.B16; \
	VAND  V31.B16, b.B16, b.B16; \
	VAND  V31.B16, c.B16, c.B16; \
	VAND  V31.B16, d.B16, d.B16; \
	VADDP b.B16, a.B16, a.B16; \
	VADDP d.B16, c.B16, c.B16; \
	VADDP c.B16, a.B16, a.B16

// NEXT sets offset to the position of the first set bit of the mask, plus the
// base R3, and clears the bit. R7 is the mask in reverse bit order, because
// arm64 counts leading zeros (CLZ) but not trailing zeros. If the mask is empty
// it stays empty, since CLZ returns 64 and a shift by 64 is a shift by 0; the
// next group overwrites the offset.
#define NEXT(offset) \
	CLZ  R7, R8; \
	LSR  R8, R15, R9; \
	BIC  R9, R7, R7; \
	ADDW R8, R3, offset

// func scanNEON(dst *uint32, b *byte, groups int, delimiter byte) (done,
//	offsets, newlines int, crs, lone uint64)
//
// Registers:
//
//	V0, V1, V2, V3  delimiter, line feed, quote, carriage return in every byte
//	V4 to V7        the 64 bytes of the group
//	V30             line feeds so far
//	V31             weights of the bytes
//	R0              next free entry of dst
//	R1              address of the group
//	R2              groups left
//	R3              offset of the group
//	R4, R5          crs and lone
//	R6              1 if the byte before the group is a carriage return
//	R15             the highest bit
TEXT ·scanNEON(SB), NOSPLIT, $0-72
	MOVD  dst+0(FP), R0
	MOVD  b+8(FP), R1
	MOVD  groups+16(FP), R2
	MOVBU delimiter+24(FP), R3
	VDUP  R3, V0.B16
	VMOVI $0x0a, V1.B16
	VMOVI $0x22, V2.B16
	VMOVI $0x0d, V3.B16
	VMOVQ $0x8040201008040201, $0x8040201008040201, V31
	VMOVI $0, V30.B16
	MOVD  $0x8000000000000000, R15
	MOVD  ZR, R3
	MOVD  ZR, R4
	MOVD  ZR, R5
	MOVD  ZR, R6

group:
	VLD1.P 64(R1), [V4.B16, V5.B16, V6.B16, V7.B16]

	// For quotes it suffices to find whether there is one. The four comparisons
	// are combined in one vector, and a pair of bytes adds up to a nonzero
	// value (0xff or 0xfe) if at least one of the two is set.
	COMPARE(V2, V16, V17, V18, V19)
	VORR   V16.B16, V17.B16, V16.B16
	VORR   V18.B16, V19.B16, V18.B16
	VORR   V16.B16, V18.B16, V16.B16
	COMPARE(V3, V20, V21, V22, V23)
	NARROW(V20, V21, V22, V23)
	VADDP  V16.B16, V20.B16, V20.B16
	VMOV   V20.D[1], R7              // R7: nonzero if there is a quote
	CBNZ   R7, end
	VMOV   V20.D[0], R8              // R8: carriage returns

	COMPARE(V1, V16, V17, V18, V19)
	NARROW(V16, V17, V18, V19)
	COMPARE(V0, V20, V21, V22, V23)
	NARROW(V20, V21, V22, V23)
	VADDP  V20.B16, V16.B16, V16.B16
	VMOV   V16.D[0], R9              // R9: line feeds
	VMOV   V16.D[1], R7              // R7: delimiters

	// No byte is both, so the set bits of the two masks are the field ends.
	VCNT    V16.B16, V17.B16
	VUADDLV V17.B8, V18
	VADD    V18, V30
	VUADDLV V17.B16, V19
	VMOV    V19.D[0], R10
	ADD     R10<<2, R0, R10          // R10: R0 after this group

	// lone |= (cr<<1 | afterCR) &^ newline
	ORR R8, R4, R4
	ORR R8<<1, R6, R6
	BIC R9, R6, R6
	ORR R6, R5, R5
	LSR $63, R8, R6

	ORR  R9, R7, R7
	RBIT R7, R7

	// A multiple of eight entries is written: see extract in index_generic.go.
extract:
	NEXT(R11)
	NEXT(R12)
	STPW (R11, R12), (R0)
	NEXT(R11)
	NEXT(R12)
	STPW (R11, R12), 8(R0)
	NEXT(R11)
	NEXT(R12)
	STPW (R11, R12), 16(R0)
	NEXT(R11)
	NEXT(R12)
	STPW (R11, R12), 24(R0)
	ADD  $32, R0
	CBNZ R7, extract

	MOVD R10, R0
	ADDW $64, R3
	SUB  $1, R2
	CBNZ R2, group

end:
	MOVD groups+16(FP), R7
	SUB  R2, R7
	MOVD R7, done+32(FP)
	MOVD dst+0(FP), R7
	SUB  R7, R0
	LSR  $2, R0
	MOVD R0, offsets+40(FP)
	VMOV V30.D[0], R7
	MOVD R7, newlines+48(FP)
	MOVD R4, crs+56(FP)
	MOVD R5, lone+64(FP)
	RET
