//go:build !purego

#include "textflag.h"

// func hashOf(key *[16]byte, keys *[2][16]byte) uint32
//
// The same as in lanes_amd64.s.
TEXT ·hashOf(SB), NOSPLIT, $0-20
	MOVQ    key+0(FP), AX
	MOVQ    keys+8(FP), BX
	MOVOU   (AX), X0
	MOVOU   (BX), X1
	MOVOU   16(BX), X2
	AESENC  X1, X0
	AESENC  X2, X0
	MOVQ    X0, AX
	MOVL    AX, ret+16(FP)
	RET
