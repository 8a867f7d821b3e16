//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Registers of both functions below:
//
//	SI, DI, R9     the rows at hand of the lanes
//	R10            keepMasks, 16 bytes for each length of a key less 1
//	R11            the matrix of counts
//	R12, R13, R15  one bit, at the number of the special byte that ends the first key, begins, and ends the second
//	R14            the same for that which the record's end begins with
//	Y0             the table of special bytes, twice
//	X1, X2         the keys of the hash
//	AX BX CX DX R8, Y4…Y10 are scratch
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
#define stop0      48(SP)
#define stop1      56(SP)
#define stop2      64(SP)
#define rounds     72(SP)

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
	MOVQ    (lanes_at+0)(AX), SI;          \
	MOVQ    (lanes_at+8)(AX), DI;          \
	MOVQ    (lanes_at+16)(AX), R9;         \
	MOVQ    (lanes_stop+0)(AX), BX;        \
	MOVQ    BX, stop0;                     \
	MOVQ    (lanes_stop+8)(AX), BX;        \
	MOVQ    BX, stop1;                     \
	MOVQ    (lanes_stop+16)(AX), BX;       \
	MOVQ    BX, stop2;                     \
	XORL    BX, BX;                        \
	MOVQ    BX, rounds

// STORE gives the lanes back. AX is overwritten.
#define STORE \
	VZEROUPPER;                     \
	MOVQ l+0(FP), AX;               \
	MOVQ SI, (lanes_now+0)(AX);     \
	MOVQ DI, (lanes_now+8)(AX);     \
	MOVQ R9, (lanes_now+16)(AX);    \
	MOVQ rounds, BX;                \
	MOVQ BX, lanes_rounds(AX)

// FIND finds, by the mask AX of the special bytes in the first 64 of a record, the four that matter: BX where the first
// key ends, CX and DX where the second begins and ends, R8 where the record's end begins; 64 if there are not so many.
// FIND_NEXT is for patterns in which they are the first four, FIND_ANY for all others.
#define FIND_NEXT \
	TZCNTQ AX, BX;     \
	BLSRQ  AX, AX;     \
	TZCNTQ AX, CX;     \
	BLSRQ  AX, AX;     \
	TZCNTQ AX, DX;     \
	BLSRQ  AX, AX;     \
	TZCNTQ AX, R8

#define FIND_ANY \
	PDEPQ  AX, R12, BX; \
	PDEPQ  AX, R13, CX; \
	PDEPQ  AX, R15, DX; \
	PDEPQ  AX, R14, R8; \
	TZCNTQ BX, BX;      \
	TZCNTQ CX, CX;      \
	TZCNTQ DX, DX;      \
	TZCNTQ R8, R8

// SHORT_ROW counts the record at P and moves P behind it, or jumps to fail and has changed nothing. probe is where it goes
// if a key is not in the first slot of its hash, and hit where it comes back to with the right slots in BX and CX.
//
// The keys take in the special bytes around their fields, and the record's end those around it: so each special byte
// of the record is compared with what it has to be, and there can be no other.
#define SHORT_ROW(FIND, P, probe, hit, fail) \
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
	FIND;                               \
	MOVL      (P)(R8*1), AX;            \
	ANDL      endMask, AX;              \
	CMPL      AX, endWord;              \
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
	VMOVD     X6, CX;                   \
	ANDL      firstMask, BX;            \
	ANDL      secondMask, CX;           \
	ADDQ      firstBase, BX;            \
	ADDQ      secondBase, CX;           \
	VPXOR     (BX), X8, X6;             \
	VPXOR     (CX), X10, X7;            \
	VPOR      X6, X7, X7;               \
	VPTEST    X7, X7;                   \
	JNE       probe;                    \
hit: \
	MOVQ      16(BX), BX;               \
	ADDQ      16(CX), BX;               \
	MOVQ      delta, AX;                \
	ADDQ      AX, (R11)(BX*1);          \
	ADDQ      R8, P;                    \
	ADDQ      skip, P

// SHORT_PROBE looks for the two keys from the slots of their hashes on, each up to a free one: its field used is 0.
#define SHORT_PROBE(probe, first, second, hit, fail) \
probe: \
	VPTEST X6, X6;           \
	JEQ    second;           \
first: \
	CMPQ   24(BX), $0;       \
	JEQ    fail;             \
	ADDQ   $32, BX;          \
	VPXOR  (BX), X8, X6;     \
	VPTEST X6, X6;           \
	JNE    first;        \
second: \
	VPXOR  (CX), X10, X6;    \
	VPTEST X6, X6;           \
	JEQ    hit;              \
	CMPQ   24(CX), $0;       \
	JEQ    fail;             \
	ADDQ   $32, CX;          \
	JMP    second

// LONG_ROW is SHORT_ROW for longer keys and records: the first key has up to 64 bytes, the second up to 32, and from the
// end of the first key to the end of the record there may be 64 more. The mask AX is of these: of the 128 bytes looked
// at it leaves out what comes before the special byte that ends the first key. If that is the very first byte, the
// shift by 64 is one by 0 and adds bits for bytes that are not special: no key begins or ends there. R10 is longMasks.
#define LONG_ROW(P, probe, hit, fail) \
	VMOVDQU      (P), Y4;               \
	VMOVDQU      32(P), Y5;             \
	VPSHUFB      Y4, Y0, Y6;            \
	VPSHUFB      Y5, Y0, Y7;            \
	VPCMPEQB     Y4, Y6, Y6;            \
	VPCMPEQB     Y5, Y7, Y7;            \
	VPMOVMSKB    Y6, AX;                \
	VPMOVMSKB    Y7, BX;                \
	SHLQ         $32, BX;               \
	ORQ          BX, AX;                \
	VMOVDQU      64(P), Y8;             \
	VMOVDQU      96(P), Y9;             \
	VPSHUFB      Y8, Y0, Y6;            \
	VPSHUFB      Y9, Y0, Y7;            \
	VPCMPEQB     Y8, Y6, Y6;            \
	VPCMPEQB     Y9, Y7, Y7;            \
	VPMOVMSKB    Y6, DX;                \
	VPMOVMSKB    Y7, CX;                \
	SHLQ         $32, CX;               \
	ORQ          CX, DX;                \
	PDEPQ        AX, R12, BX;           \
	TZCNTQ       BX, BX;                \
	SHRXQ        BX, AX, AX;            \
	MOVL         $64, CX;               \
	SUBQ         BX, CX;                \
	SHLXQ        CX, DX, DX;            \
	ORQ          DX, AX;                \
	LEAQ         (P)(BX*1), R8;         \
	MOVQ         R10, CX;               \
	SUBQ         BX, CX;                \
	VPAND        64(CX), Y4, Y6;        \
	VPAND        96(CX), Y5, Y7;        \
	PDEPQ        AX, R13, CX;           \
	PDEPQ        AX, R15, DX;           \
	PDEPQ        AX, R14, AX;           \
	TZCNTQ       CX, CX;                \
	TZCNTQ       DX, DX;                \
	TZCNTQ       AX, AX;                \
	MOVL         (R8)(AX*1), BX;        \
	ANDL         endMask, BX;           \
	CMPL         BX, endWord;           \
	JNE          fail;                  \
	ADDQ         R8, AX;                \
	VMOVDQU      (R8)(CX*1), Y10;       \
	SUBQ         CX, DX;                \
	SHLQ         $5, DX;                \
	VPAND        192(R10)(DX*1), Y10, Y10; \
	VEXTRACTI128 $1, Y6, X8;            \
	VAESENC      X8, X6, X9;            \
	VAESENC      X7, X9, X9;            \
	VEXTRACTI128 $1, Y7, X8;            \
	VAESENC      X8, X9, X9;            \
	VAESENC      X1, X9, X9;            \
	VAESENC      X2, X9, X9;            \
	VMOVD        X9, BX;                \
	VEXTRACTI128 $1, Y10, X8;           \
	VAESENC      X8, X10, X8;           \
	VAESENC      X1, X8, X8;            \
	VAESENC      X2, X8, X8;            \
	VMOVD        X8, CX;                \
	ANDL         firstMask, BX;         \
	ANDL         secondMask, CX;        \
	ADDQ         firstBase, BX;         \
	ADDQ         secondBase, CX;        \
	VPXOR        (BX), Y6, Y8;          \
	VPXOR        32(BX), Y7, Y9;        \
	VPOR         Y8, Y9, Y9;            \
	VPXOR        (CX), Y10, Y8;         \
	VPOR         Y8, Y9, Y8;            \
	VPTEST       Y8, Y8;                \
	JNE          probe;                 \
hit: \
	MOVQ         64(BX), BX;            \
	ADDQ         32(CX), BX;            \
	MOVQ         delta, CX;             \
	ADDQ         CX, (R11)(BX*1);       \
	ADDQ         skip, AX;              \
	MOVQ         AX, P

// LONG_PROBE is SHORT_PROBE for the slots of long keys.
#define LONG_PROBE(probe, first, second, hit, fail) \
probe: \
	VPTEST Y9, Y9;           \
	JEQ    second;           \
first: \
	CMPQ   72(BX), $0;       \
	JEQ    fail;             \
	ADDQ   $128, BX;         \
	VPXOR  (BX), Y6, Y8;     \
	VPXOR  32(BX), Y7, Y9;   \
	VPOR   Y8, Y9, Y9;       \
	VPTEST Y9, Y9;           \
	JNE    first;            \
second: \
	VPXOR  (CX), Y10, Y8;    \
	VPTEST Y8, Y8;           \
	JEQ    hit;              \
	CMPQ   40(CX), $0;       \
	JEQ    fail;             \
	ADDQ   $64, CX;          \
	JMP    second

#define NEXT_ROW(P, probe, hit, fail) SHORT_ROW(FIND_NEXT, P, probe, hit, fail)
#define ANY_ROW(P, probe, hit, fail) SHORT_ROW(FIND_ANY, P, probe, hit, fail)

// ALL_LANES and ONE_LANE are the bodies of the functions below.
#define ALL_LANES(ROW, PROBE) \
	MOVQ l+0(FP), AX;               \
	LOAD;                           \
	XORL DX, DX;                    \
	CMPQ SI, stop0;                 \
	JAE  done;                      \
	CMPQ DI, stop1;                 \
	JAE  done;                      \
	CMPQ R9, stop2;                 \
	JAE  done;                      \
rows: \
	ROW(SI, probe0, hit0, fail0); \
	ROW(DI, probe1, hit1, fail1); \
	ROW(R9, probe2, hit2, fail2); \
	INCQ rounds;                    \
	CMPQ SI, stop0;                 \
	JAE  end;                       \
	CMPQ DI, stop1;                 \
	JAE  end;                       \
	CMPQ R9, stop2;                 \
	JB   rows;                      \
end: \
	XORL DX, DX;                    \
done: \
	MOVQ DX, stopped+8(FP);         \
	STORE;                          \
	RET;                            \
fail0: \
	MOVL $1, DX;                    \
	JMP  done;                      \
fail1: \
	MOVL $2, DX;                    \
	JMP  done;                      \
fail2: \
	MOVL $3, DX;                    \
	JMP  done;                      \
	PROBE(probe0, first0, second0, hit0, fail0); \
	PROBE(probe1, first1, second1, hit1, fail1); \
	PROBE(probe2, first2, second2, hit2, fail2)

#define ONE_LANE(ROW, PROBE) \
	MOVQ l+0(FP), AX;               \
	LOAD;                           \
	XORL DX, DX;                    \
	CMPQ SI, stop0;                 \
	JAE  done;                      \
row: \
	ROW(SI, probe, hit, fail); \
	INCQ rounds;                    \
	CMPQ SI, stop0;                 \
	JB   row;                       \
	XORL DX, DX;                    \
done: \
	MOVQ DX, stopped+8(FP);         \
	STORE;                          \
	RET;                            \
fail: \
	MOVL $1, DX;                    \
	JMP  done;                      \
	PROBE(probe, first, second, hit, fail)

// func allLanesNext(l *lanes) (stopped int)
TEXT ·allLanesNext(SB), NOSPLIT, $80-16
	ALL_LANES(NEXT_ROW, SHORT_PROBE)

// func oneLaneNext(l *lanes) (stopped int)
TEXT ·oneLaneNext(SB), NOSPLIT, $80-16
	ONE_LANE(NEXT_ROW, SHORT_PROBE)

// func allLanesAny(l *lanes) (stopped int)
TEXT ·allLanesAny(SB), NOSPLIT, $80-16
	ALL_LANES(ANY_ROW, SHORT_PROBE)

// func oneLaneAny(l *lanes) (stopped int)
TEXT ·oneLaneAny(SB), NOSPLIT, $80-16
	ONE_LANE(ANY_ROW, SHORT_PROBE)

// func allLanesLong(l *lanes) (stopped int)
TEXT ·allLanesLong(SB), NOSPLIT, $80-16
	ALL_LANES(LONG_ROW, LONG_PROBE)

// func oneLaneLong(l *lanes) (stopped int)
TEXT ·oneLaneLong(SB), NOSPLIT, $80-16
	ONE_LANE(LONG_ROW, LONG_PROBE)
