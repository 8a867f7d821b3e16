//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Registers of both functions below:
//
//	SI, DI         the rows at hand of lane a and lane b
//	R10            keepMasks, 16 bytes for each length of a key less 1
//	R11            the matrix of counts
//	R12, R13, R15  one bit at the number of the special byte that ends the first key, begins and ends the second
//	R14            the same for the one that the row's end begins with
//	Y0             the table of special bytes, twice
//	X1, X2         the keys of the hash
//	AX BX CX DX R8 R9, Y4…Y10 are scratch
//
// What does not fit lies in the frame.
#define firstMask   0(SP)
#define secondMask  4(SP)
#define endMask     8(SP)
#define endWord    12(SP)
#define firstBase  16(SP)
#define secondBase 24(SP)
#define skip       32(SP)
#define delta      40(SP)
#define rowsA      48(SP)
#define rowsB      56(SP)
#define stopA      64(SP)
#define stopB      72(SP)

// LOAD fills the registers and the frame from the lanes at AX.
#define LOAD \
	VBROADCASTI128 lanes_specials(AX), Y0; \
	VMOVDQU lanes_hashKeys(AX), X1;        \
	VMOVDQU (lanes_hashKeys+16)(AX), X2;   \
	MOVQ    lanes_firstEnd(AX), R12;       \
	MOVQ    lanes_secondBegin(AX), R13;    \
	MOVQ    lanes_rowEnd(AX), R14;         \
	MOVQ    lanes_secondEnd(AX), R15;      \
	MOVQ    lanes_counts(AX), R11;         \
	MOVQ    lanes_keep(AX), R10;           \
	MOVL    lanes_firstMask(AX), BX;       \
	MOVL    BX, firstMask;                 \
	MOVL    lanes_secondMask(AX), BX;      \
	MOVL    BX, secondMask;                \
	MOVL    lanes_endMask(AX), BX;         \
	MOVL    BX, endMask;                   \
	MOVL    lanes_endWord(AX), BX;         \
	MOVL    BX, endWord;                   \
	MOVQ    lanes_firstBase(AX), BX;       \
	MOVQ    BX, firstBase;                 \
	MOVQ    lanes_secondBase(AX), BX;      \
	MOVQ    BX, secondBase;                \
	MOVQ    lanes_skip(AX), BX;            \
	MOVQ    BX, skip;                      \
	MOVQ    lanes_delta(AX), BX;           \
	MOVQ    BX, delta;                     \
	MOVQ    lanes_a(AX), SI;               \
	MOVQ    lanes_b(AX), DI;               \
	MOVQ    lanes_stopA(AX), BX;           \
	MOVQ    BX, stopA;                     \
	MOVQ    lanes_stopB(AX), BX;           \
	MOVQ    BX, stopB;                     \
	XORL    BX, BX;                        \
	MOVQ    BX, rowsA;                     \
	MOVQ    BX, rowsB

// STORE gives the lanes back. AX is overwritten.
#define STORE \
	VZEROUPPER;                \
	MOVQ l+0(FP), AX;          \
	MOVQ SI, lanes_nowA(AX);   \
	MOVQ DI, lanes_nowB(AX);   \
	MOVQ rowsA, BX;            \
	MOVQ BX, lanes_rowsA(AX);  \
	MOVQ rowsB, BX;            \
	MOVQ BX, lanes_rowsB(AX)

// ROW counts the row at P and moves P behind it, or jumps to fail and has changed nothing. firstProbe and secondProbe
// are where a key goes that is not in the first slot of its hash; they come back to firstHit and secondHit.
//
// The mask of special bytes in the first 64 of the row is AX. PDEP of one bit into it, and TZCNT, find the special
// byte of a number; where there are not so many, 64. The keys take in the special bytes around their fields, the
// row's end those around it: so each special byte is compared with what it has to be.
#define ROW(P, rows, firstProbe, firstHit, secondProbe, secondHit, fail) \
	VMOVDQU   (P), Y4;                  \
	VMOVDQU   32(P), Y5;                \
	VPSHUFB   Y4, Y0, Y6;               \
	VPSHUFB   Y5, Y0, Y7;               \
	VPCMPEQB  Y4, Y6, Y6;               \
	VPCMPEQB  Y5, Y7, Y7;               \
	VPMOVMSKB Y6, AX;                   \
	VPMOVMSKB Y7, BX;                   \
	SHLQ      $32, BX;                  \
	ORQ       BX, AX;                   \
	PDEPQ     AX, R12, BX;              \
	PDEPQ     AX, R13, CX;              \
	PDEPQ     AX, R15, DX;              \
	PDEPQ     AX, R14, R8;              \
	TZCNTQ    BX, BX;                   \
	TZCNTQ    CX, CX;                   \
	TZCNTQ    DX, DX;                   \
	TZCNTQ    R8, R8;                   \
	MOVL      (P)(R8*1), R9;            \
	ANDL      endMask, R9;              \
	CMPL      R9, endWord;              \
	JNE       fail;                     \
	SHLQ      $4, BX;                   \
	VMOVDQU   (R10)(BX*1), X8;          \
	VPAND     (P), X8, X8;              \
	VAESENC   X1, X8, X9;               \
	SUBQ      CX, DX;                   \
	SHLQ      $4, DX;                   \
	VMOVDQU   (R10)(DX*1), X10;         \
	VPAND     (P)(CX*1), X10, X10;      \
	VAESENC   X2, X9, X9;               \
	VAESENC   X1, X10, X6;              \
	VMOVD     X9, BX;                   \
	VAESENC   X2, X6, X6;               \
	ANDL      firstMask, BX;            \
	ADDQ      firstBase, BX;            \
	VPXOR     (BX), X8, X9;             \
	VMOVD     X6, CX;                   \
	VPTEST    X9, X9;                   \
	JNE       firstProbe;               \
firstHit: \
	ANDL      secondMask, CX;           \
	ADDQ      secondBase, CX;           \
	VPXOR     (CX), X10, X9;            \
	VPTEST    X9, X9;                   \
	JNE       secondProbe;              \
secondHit: \
	MOVQ      16(BX), BX;               \
	ADDQ      16(CX), BX;               \
	MOVQ      delta, R9;                \
	ADDQ      R9, (R11)(BX*1);          \
	ADDQ      R8, P;                    \
	ADDQ      skip, P;                  \
	INCQ      rows

// PROBE looks for KEY in the slots behind SLOT, up to a free one: its field used is 0.
#define PROBE(SLOT, KEY, probe, hit, fail) \
probe: \
	CMPQ   24(SLOT), $0;     \
	JEQ    fail;             \
	ADDQ   $32, SLOT;        \
	VPXOR  (SLOT), KEY, X9;  \
	VPTEST X9, X9;           \
	JNE    probe;            \
	JMP    hit

// func twoLanes(l *lanes) (stopped int)
TEXT ·twoLanes(SB), NOSPLIT, $80-16
	MOVQ l+0(FP), AX
	LOAD
	XORL DX, DX
	CMPQ SI, stopA
	JAE  done
	CMPQ DI, stopB
	JAE  done

rows:
	ROW(SI, rowsA, firstProbeA, firstHitA, secondProbeA, secondHitA, failA)
	ROW(DI, rowsB, firstProbeB, firstHitB, secondProbeB, secondHitB, failB)
	CMPQ SI, stopA
	JAE  end
	CMPQ DI, stopB
	JB   rows

end:
	XORL DX, DX

done:
	MOVQ DX, stopped+8(FP)
	STORE
	RET

failA:
	MOVL $1, DX
	JMP  done

failB:
	MOVL $2, DX
	JMP  done

	PROBE(BX, X8, firstProbeA, firstHitA, failA)
	PROBE(CX, X10, secondProbeA, secondHitA, failA)
	PROBE(BX, X8, firstProbeB, firstHitB, failB)
	PROBE(CX, X10, secondProbeB, secondHitB, failB)

// func oneLane(l *lanes) (stopped int)
TEXT ·oneLane(SB), NOSPLIT, $80-16
	MOVQ l+0(FP), AX
	LOAD
	XORL DX, DX
	CMPQ SI, stopA
	JAE  done

row:
	ROW(SI, rowsA, firstProbe, firstHit, secondProbe, secondHit, fail)
	CMPQ SI, stopA
	JB   row
	XORL DX, DX

done:
	MOVQ DX, stopped+8(FP)
	STORE
	RET

fail:
	MOVL $1, DX
	JMP  done

	PROBE(BX, X8, firstProbe, firstHit, fail)
	PROBE(CX, X10, secondProbe, secondHit, fail)
