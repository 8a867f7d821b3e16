//go:build !purego

#include "textflag.h"

DATA iota<>+0(SB)/8, $0x0706050403020100
DATA iota<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA iota<>+16(SB)/8, $0x1716151413121110
DATA iota<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA iota<>+32(SB)/8, $0x2726252423222120
DATA iota<>+40(SB)/8, $0x2f2e2d2c2b2a2928
DATA iota<>+48(SB)/8, $0x3736353433323130
DATA iota<>+56(SB)/8, $0x3f3e3d3c3b3a3938
GLOBL iota<>(SB), RODATA|NOPTR, $64

// BROADCAST sets every byte of z to char. It clobbers AX.
#define BROADCAST(char, z) \
	MOVL         $char, AX; \
	VPBROADCASTB AX, z

// func scanAVX512(dst *uint32, b *byte, groups int, delimiter byte,
//	afterCR uint64) (done, offsets, newlines int, crs, lone uint64)
//
// Registers:
//
//	Z0, Z1, Z2, Z3  delimiter, line feed, quote, carriage return in every byte
//	Z4              the 64 bytes of the group
//	Z5              the bytes 0 to 63
//	Z6              offset of the group in every double word
//	Z7              64 in every double word
//	DI              next free entry of dst
//	SI              address of the group
//	CX              groups left
//	R9              line feeds so far
//	R10, R11        crs and lone
//	R12             1 if the byte before the group is a carriage return
TEXT ·scanAVX512(SB), NOSPLIT, $0-80
	MOVQ         dst+0(FP), DI
	MOVQ         b+8(FP), SI
	MOVQ         groups+16(FP), CX
	VPBROADCASTB delimiter+24(FP), Z0
	MOVQ         afterCR+32(FP), R12
	BROADCAST(0x0a, Z1)
	BROADCAST(0x22, Z2)
	BROADCAST(0x0d, Z3)
	VMOVDQU64    iota<>(SB), Z5
	VPXORQ       Z6, Z6, Z6
	MOVL         $64, AX
	VPBROADCASTD AX, Z7
	XORL         R9, R9
	XORL         R10, R10
	XORL         R11, R11

group:
	VMOVDQU64 (SI), Z4
	VPCMPEQB  Z4, Z2, K1
	KORTESTQ  K1, K1
	JNZ       end
	VPCMPEQB  Z4, Z1, K2    // line feeds
	VPCMPEQB  Z4, Z0, K3
	VPCMPEQB  Z4, Z3, K4
	KORQ      K2, K3, K3    // field ends
	KMOVQ     K2, AX
	KMOVQ     K3, DX
	KMOVQ     K4, BX
	POPCNTQ   AX, R13
	ADDQ      R13, R9
	POPCNTQ   DX, DX

	// lone |= (cr<<1 | afterCR) &^ newline
	ORQ   BX, R10
	LEAQ  (R12)(BX*2), R12
	ANDNQ R12, AX, R12
	ORQ   R12, R11
	MOVQ  BX, R12
	SHRQ  $63, R12

	// The numbers of the bytes at which fields end, as double words, plus the
	// offset of the group. 16 are stored at a time, and those after the last
	// one are overwritten by the next group.
	VPCOMPRESSB.Z Z5, K3, Z8
	MOVQ          DI, R8
	LEAQ          (DI)(DX*4), DI

store:
	VPMOVZXBD X8, Z9
	VPADDD    Z6, Z9, Z9
	VMOVDQU32 Z9, (R8)
	VALIGNQ   $2, Z8, Z8, Z8
	ADDQ      $64, R8
	CMPQ      R8, DI
	JB        store

	VPADDD Z7, Z6, Z6
	ADDQ   $64, SI
	DECQ   CX
	JNZ    group

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
