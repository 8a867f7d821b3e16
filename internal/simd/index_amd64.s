//go:build !purego

#include "textflag.h"

// EXTRACT stores the position of the lowest set bit of the mask DX, plus the
// base R8, in dst[n] and clears the bit. If the mask is empty, it stores an
// arbitrary value, which the next group overwrites.
#define EXTRACT(n) \
	TZCNTQ DX, BX; \
	ADDL   R8, BX; \
	MOVL   BX, (n*4)(DI); \
	BLSRQ  DX, DX

// MASK sets mask to the 64-bit mask of the bytes of lo and hi that are 0xff. It
// clobbers tmp.
#define MASK(lo, hi, mask, tmp) \
	VPMOVMSKB lo, mask; \
	VPMOVMSKB hi, tmp; \
	SHLQ      $32, tmp; \
	ORQ       tmp, mask

// BROADCAST sets every byte of y to char. x is the lower half of y. It clobbers
// AX.
#define BROADCAST(char, x, y) \
	MOVL         $char, AX; \
	VMOVD        AX, x; \
	VPBROADCASTB x, y

// func scanAVX2(dst *uint32, b *byte, groups int, delimiter byte,
//	afterCR uint64) (done, offsets, newlines int, crs, lone uint64)
//
// Registers:
//
//	Y0, Y1, Y2, Y3  delimiter, line feed, quote, carriage return in every byte
//	Y4, Y5          the 64 bytes of the group
//	DI              next free entry of dst
//	SI              address of the group
//	CX              groups left
//	R8              offset of the group
//	R9              line feeds so far
//	R10, R11        crs and lone
//	R12             1 if the byte before the group is a carriage return
TEXT ·scanAVX2(SB), NOSPLIT, $0-80
	MOVQ         dst+0(FP), DI
	MOVQ         b+8(FP), SI
	MOVQ         groups+16(FP), CX
	VPBROADCASTB delimiter+24(FP), Y0
	MOVQ         afterCR+32(FP), R12
	BROADCAST(0x0a, X1, Y1)
	BROADCAST(0x22, X2, Y2)
	BROADCAST(0x0d, X3, Y3)
	XORL         R8, R8
	XORL         R9, R9
	XORL         R10, R10
	XORL         R11, R11

group:
	VMOVDQU  (SI), Y4
	VMOVDQU  32(SI), Y5
	VPCMPEQB Y4, Y2, Y6
	VPCMPEQB Y5, Y2, Y7
	VPOR     Y6, Y7, Y6
	VPTEST   Y6, Y6
	JNZ      end

	VPCMPEQB Y4, Y1, Y6
	VPCMPEQB Y5, Y1, Y7
	MASK(Y6, Y7, AX, BX)  // AX: line feeds
	POPCNTQ  AX, BX
	ADDQ     BX, R9
	VPCMPEQB Y4, Y0, Y8
	VPCMPEQB Y5, Y0, Y9
	VPOR     Y6, Y8, Y8
	VPOR     Y7, Y9, Y9
	MASK(Y8, Y9, DX, BX)  // DX: field ends

	// lone |= (cr<<1 | afterCR) &^ newline
	VPCMPEQB Y4, Y3, Y6
	VPCMPEQB Y5, Y3, Y7
	MASK(Y6, Y7, BX, R13)
	ORQ      BX, R10
	LEAQ     (R12)(BX*2), R12
	ANDNQ    R12, AX, R12
	ORQ      R12, R11
	MOVQ     BX, R12
	SHRQ     $63, R12

	POPCNTQ  DX, R13
	LEAQ     (DI)(R13*4), R13

extract:
	EXTRACT(0)
	EXTRACT(1)
	EXTRACT(2)
	EXTRACT(3)
	EXTRACT(4)
	EXTRACT(5)
	EXTRACT(6)
	EXTRACT(7)
	ADDQ     $32, DI
	TESTQ    DX, DX
	JNZ      extract

	MOVQ     R13, DI
	ADDQ     $64, SI
	ADDL     $64, R8
	DECQ     CX
	JNZ      group

end:
	VZEROUPPER
	MOVQ groups+16(FP), AX
	SUBQ CX, AX
	MOVQ AX, done+40(FP)
	SUBQ dst+0(FP), DI
	SHRQ $2, DI
	MOVQ DI, offsets+48(FP)
	MOVQ R9, newlines+56(FP)
	MOVQ R10, crs+64(FP)
	MOVQ R11, lone+72(FP)
	RET
