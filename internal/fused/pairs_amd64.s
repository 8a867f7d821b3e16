//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Counting records that are looked up by keys of pairs, with AVX-512.
//
// Registers:
//
//	SI, DI, R8, R9, R15  current record of each stream
//	R10                  value to add to a count
//	R11                  matrix of counts
//	R12, R13, R14        runEnds, runBegins and nameEnd of the streams
//	DX                   first slot of the table
//	BP                   records that are left in each stream
//	Z0                   table of structural characters, four times
//	X1, X2               keys of the hash
//	AX, BX, CX, Z4 to Z8, K1 to K3  scratch
//
// The frame holds the rest.
#define mask  0(SP)
#define round 8(SP)

// ahead is the number of bytes after the current record that are prefetched.
// They need not exist.
#define ahead 512

// LOAD sets the registers and the frame from the streams at AX.
#define LOAD \
	VBROADCASTI32X4 streams_structural(AX), Z0; \
	VMOVDQU streams_hashKeys(AX), X1;           \
	VMOVDQU (streams_hashKeys+16)(AX), X2;      \
	MOVL    streams_pairMask(AX), BX;           \
	MOVL    BX, mask;                           \
	MOVQ    streams_delta(AX), R10;             \
	MOVQ    streams_counts(AX), R11;            \
	MOVQ    streams_runEnds(AX), R12;           \
	MOVQ    streams_runBegins(AX), R13;         \
	MOVQ    streams_nameEnd(AX), R14;           \
	MOVQ    streams_pairBase(AX), DX;           \
	MOVQ    (streams_begin+0)(AX), SI;          \
	MOVQ    (streams_begin+8)(AX), DI;          \
	MOVQ    (streams_begin+16)(AX), R8;         \
	MOVQ    (streams_begin+24)(AX), R9;         \
	MOVQ    (streams_begin+32)(AX), R15;        \
	XORL    BX, BX;                             \
	MOVQ    BX, streams_rounds(AX)

// STORE writes the positions of the streams back. It clobbers AX.
#define STORE \
	VZEROUPPER;                                 \
	MOVQ s+0(FP), AX;                           \
	MOVQ SI, (streams_pos+0)(AX);               \
	MOVQ DI, (streams_pos+8)(AX);               \
	MOVQ R8, (streams_pos+16)(AX);              \
	MOVQ R9, (streams_pos+24)(AX);              \
	MOVQ R15, (streams_pos+32)(AX)

// STRUCTURAL sets bytes to the 64 bytes at addr, and mask to the mask of the
// structural characters among them; see STRUCTURAL in streams_amd64.h.
#define STRUCTURAL(addr, bytes, mask) \
	VMOVDQU64 addr, bytes;                      \
	VPSHUFB   bytes, Z0, Z5;                    \
	VPCMPEQB  bytes, Z5, K1;                    \
	KMOVQ     K1, mask

// SELECT sets bits to the mask of the bytes that are part of the key. R12 and
// R13 select from mask the last and the first character of each run of such
// bytes. A run from b to e consists of the bits 2^(e+1) - 2^b, and the runs are
// disjoint: their sum is 2*PDEP(R12, mask) - PDEP(R13, mask). first is -1 if
// the first run begins at bit 0, without a structural character, and otherwise
// 0. tmp is clobbered.
#define SELECT(mask, first, bits, tmp) \
	PDEPQ mask, R12, bits;                      \
	PDEPQ mask, R13, tmp;                       \
	LEAQ  first(bits*2), bits;                  \
	SUBQ  tmp, bits

// SLOT sets hash to the offset of its slot in a pairTable. It clobbers tmp.
#define SLOT(hash, tmp) \
	MOVL hash, tmp;                             \
	SHRL $(32-const_displacementBits), tmp;     \
	XORL -const_displacementsSize(DX)(tmp*4), hash; \
	ANDL mask, hash

// PAIR_RECORD counts the record at P and advances P to the next one, or jumps
// to fail without any change.
//
// The key consists of all bytes of the record that are not part of another
// field, one after the other, in the first 32 bytes of Z6. If fewer structural
// characters than the record should have are in its first 64 bytes, the result
// of SELECT is meaningless, but has fewer of them than any key of the table.
#define PAIR_RECORD(P, fail) \
	PREFETCHT0    ahead(P);                     \
	STRUCTURAL((P), Z4, AX);                    \
	SELECT(AX, -1, BX, CX);                     \
	KMOVQ         BX, K2;                       \
	VPCOMPRESSB.Z Z4, K2, Z6;                   \
	BSRQ          BX, AX;                       \
	VEXTRACTI128  $1, Y6, X7;                   \
	VAESENC       X7, X6, X7;                   \
	VAESENC       X1, X7, X7;                   \
	VAESENC       X2, X7, X7;                   \
	VMOVD         X7, CX;                       \
	SLOT(CX, BX);                               \
	VPXOR         (DX)(CX*1), Y6, Y7;           \
	VPTEST        Y7, Y7;                       \
	JNE           fail;                         \
	MOVQ          32(DX)(CX*1), BX;             \
	ADDQ          R10, (R11)(BX*1);             \
	LEAQ          1(P)(AX*1), P

// LONG_RECORD is PAIR_RECORD for longer keys and records. The record begins
// with one of the names. Z6 is set to the bytes up to the character that ends
// it, which has the number of the bit in R14, and Y7 to those of the rest that
// would be part of the key, beginning with that character again. The rest may
// have 64 bytes.
//
// On Zen 5, BLSMSK waits for the previous value of its destination. This must
// not be one that depends on the previous record.
#define LONG_RECORD(P, fail) \
	PREFETCHT0    ahead(P);                     \
	STRUCTURAL((P), Z4, AX);                    \
	PDEPQ         AX, R14, AX;                  \
	TZCNTQ        AX, BX;                       \
	BLSMSKQ       AX, AX;                       \
	KMOVQ         AX, K2;                       \
	VMOVDQU8.Z    Z4, K2, Z6;                   \
	STRUCTURAL((P)(BX*1), Z4, CX);              \
	SELECT(CX, 0, AX, CX);                      \
	KMOVQ         AX, K2;                       \
	VPCOMPRESSB.Z Z4, K2, Z7;                   \
	BSRQ          AX, AX;                       \
	ADDQ          BX, AX;                       \
	VEXTRACTI128  $1, Y6, X4;                   \
	VAESENC       X4, X6, X5;                   \
	VEXTRACTI32X4 $2, Z6, X4;                   \
	VAESENC       X4, X5, X5;                   \
	VEXTRACTI32X4 $3, Z6, X4;                   \
	VAESENC       X4, X5, X5;                   \
	VAESENC       X7, X5, X5;                   \
	VEXTRACTI128  $1, Y7, X4;                   \
	VAESENC       X4, X5, X5;                   \
	VAESENC       X1, X5, X5;                   \
	VAESENC       X2, X5, X5;                   \
	VMOVD         X5, CX;                       \
	SLOT(CX, BX);                               \
	VPXORQ        (DX)(CX*1), Z6, Z4;           \
	VPXOR         64(DX)(CX*1), Y7, Y5;         \
	VPORQ         Z4, Z5, Z4;                   \
	VPTESTMQ      Z4, Z4, K3;                   \
	KTESTB        K3, K3;                       \
	JNE           fail;                         \
	MOVQ          96(DX)(CX*1), BX;             \
	ADDQ          R10, (R11)(BX*1);             \
	LEAQ          1(P)(AX*1), P

// LEAST sets BP to the number of records of 1 << shift bytes that fit between P
// and the stop of a stream, if it is less than BP. It clobbers BX.
#define LEAST(P, stop, shift) \
	MOVQ    stop(AX), BX;                       \
	SUBQ    P, BX;                              \
	SARQ    $shift, BX;                         \
	CMPQ    BX, BP;                             \
	CMOVQLT BX, BP

// COUNT_ALL and COUNT_ONE are the bodies of the countAll and countOne
// functions. A record has at most 1 << shift bytes. COUNT_ALL counts records
// that certainly begin before the stop of their stream, without comparing
// positions, and repeats that until there are no such records in one of the
// streams.
#define COUNT_ALL(RECORD, shift) \
	MOVQ s+0(FP), AX;                           \
	LOAD;                                       \
again: \
	MOVQ s+0(FP), AX;                           \
	MOVQ $(1<<62), BP;                          \
	LEAST(SI, (streams_stop+0), shift);         \
	LEAST(DI, (streams_stop+8), shift);         \
	LEAST(R8, (streams_stop+16), shift);        \
	LEAST(R9, (streams_stop+24), shift);        \
	LEAST(R15, (streams_stop+32), shift);       \
	XORL CX, CX;                                \
	CMPQ BP, $0;                                \
	JLE  done;                                  \
	MOVQ BP, round;                             \
records: \
	RECORD(SI, fail0);                          \
	RECORD(DI, fail1);                          \
	RECORD(R8, fail2);                          \
	RECORD(R9, fail3);                          \
	RECORD(R15, fail4);                         \
	DECQ BP;                                    \
	JNE  records;                               \
	MOVQ s+0(FP), AX;                           \
	MOVQ round, BX;                             \
	ADDQ BX, streams_rounds(AX);                \
	JMP  again;                                 \
fail0: \
	MOVL $1, CX;                                \
	JMP  fail;                                  \
fail1: \
	MOVL $2, CX;                                \
	JMP  fail;                                  \
fail2: \
	MOVL $3, CX;                                \
	JMP  fail;                                  \
fail3: \
	MOVL $4, CX;                                \
	JMP  fail;                                  \
fail4: \
	MOVL $5, CX;                                \
fail: \
	MOVQ s+0(FP), AX;                           \
	MOVQ round, BX;                             \
	SUBQ BP, BX;                                \
	ADDQ BX, streams_rounds(AX);                \
done: \
	MOVQ CX, stopped+8(FP);                     \
	STORE;                                      \
	RET

#define COUNT_ONE(RECORD) \
	MOVQ s+0(FP), AX;                           \
	LOAD;                                       \
	MOVQ (streams_stop+0)(AX), R9;              \
	XORL BP, BP;                                \
	XORL CX, CX;                                \
	CMPQ SI, R9;                                \
	JAE  done;                                  \
record: \
	RECORD(SI, fail);                           \
	INCQ BP;                                    \
	CMPQ SI, R9;                                \
	JB   record;                                \
	XORL CX, CX;                                \
done: \
	MOVQ CX, stopped+8(FP);                     \
	STORE;                                      \
	MOVQ BP, streams_rounds(AX);                \
	RET;                                        \
fail: \
	MOVL $1, CX;                                \
	JMP  done

// func countAllPairs(s *streams) (stopped int)
TEXT ·countAllPairs(SB), NOSPLIT, $16-16
	COUNT_ALL(PAIR_RECORD, 6)

// func countOnePairs(s *streams) (stopped int)
TEXT ·countOnePairs(SB), NOSPLIT, $16-16
	COUNT_ONE(PAIR_RECORD)

// func countAllLongPairs(s *streams) (stopped int)
TEXT ·countAllLongPairs(SB), NOSPLIT, $16-16
	COUNT_ALL(LONG_RECORD, 7)

// func countOneLongPairs(s *streams) (stopped int)
TEXT ·countOneLongPairs(SB), NOSPLIT, $16-16
	COUNT_ONE(LONG_RECORD)
