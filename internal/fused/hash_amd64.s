//go:build !purego

#include "textflag.h"

// func hashOf(key *byte, blocks int, keys *[32]byte) uint32
//
// The hash is the first block after one round of AES for each further block,
// which is the round key, and two more rounds with keys. The macros that count
// records compute the same hash.
TEXT ·hashOf(SB), NOSPLIT, $0-28
	MOVQ key+0(FP), AX
	MOVQ blocks+8(FP), CX
	MOVQ keys+16(FP), BX
	MOVOU (AX), X0

block:
	DECQ CX
	JZ   finish
	ADDQ $16, AX
	MOVOU (AX), X1
	AESENC X1, X0
	JMP  block

finish:
	MOVOU (BX), X1
	MOVOU 16(BX), X2
	AESENC X1, X0
	AESENC X2, X0
	MOVQ   X0, AX
	MOVL   AX, ret+24(FP)
	RET
