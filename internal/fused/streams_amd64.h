// Definitions shared by streams_amd64.s and wide_amd64.s.
//
// Registers:
//
//	SI, DI, R9       current record of each stream
//	R10              shortMasks or longMasks
//	R11              matrix of counts
//	R12, R13, R15    firstEnd, secondBegin and secondEnd of the streams
//	R14              recordEnd of the streams
//	Y0               table of structural characters, twice
//	X1, X2           keys of the hash
//	AX, BX, CX, DX, R8, Y4 to Y10  scratch
//
// The frame holds the rest.
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

// LOAD sets the registers and the frame from the streams at AX.
#define LOAD \
	VBROADCASTI128 streams_structural(AX), Y0; \
	VMOVDQU streams_hashKeys(AX), X1;        \
	VMOVDQU (streams_hashKeys+16)(AX), X2;   \
	MOVQ    streams_firstEnd(AX), R12;       \
	MOVQ    streams_secondBegin(AX), R13;    \
	MOVQ    streams_recordEnd(AX), R14;         \
	MOVQ    streams_secondEnd(AX), R15;      \
	MOVQ    streams_counts(AX), R11;         \
	MOVQ    streams_masks(AX), R10;           \
	MOVL    streams_firstMask(AX), BX;       \
	MOVL    BX, firstMask;                 \
	MOVL    streams_secondMask(AX), BX;      \
	MOVL    BX, secondMask;                \
	MOVL    streams_endMask(AX), BX;         \
	MOVL    BX, endMask;                   \
	MOVL    streams_endWord(AX), BX;         \
	MOVL    BX, endWord;                   \
	MOVQ    streams_firstBase(AX), BX;       \
	MOVQ    BX, firstBase;                 \
	MOVQ    streams_secondBase(AX), BX;      \
	MOVQ    BX, secondBase;                \
	MOVQ    streams_skip(AX), BX;            \
	MOVQ    BX, skip;                      \
	MOVQ    streams_delta(AX), BX;           \
	MOVQ    BX, delta;                     \
	MOVQ    (streams_begin+0)(AX), SI;          \
	MOVQ    (streams_begin+8)(AX), DI;          \
	MOVQ    (streams_begin+16)(AX), R9;         \
	MOVQ    (streams_stop+0)(AX), BX;        \
	MOVQ    BX, stop0;                     \
	MOVQ    (streams_stop+8)(AX), BX;        \
	MOVQ    BX, stop1;                     \
	MOVQ    (streams_stop+16)(AX), BX;       \
	MOVQ    BX, stop2;                     \
	XORL    BX, BX;                        \
	MOVQ    BX, rounds

// STORE writes the positions of the streams and the number of rounds back. It
// clobbers AX and BX.
#define STORE \
	VZEROUPPER;                     \
	MOVQ s+0(FP), AX;               \
	MOVQ SI, (streams_pos+0)(AX);     \
	MOVQ DI, (streams_pos+8)(AX);     \
	MOVQ R9, (streams_pos+16)(AX);    \
	MOVQ rounds, BX;                \
	MOVQ BX, streams_rounds(AX)

// STRUCTURAL sets mask to the mask of the structural characters in the 64 bytes
// at offset at: bit i represents byte i. lo and hi are set to these bytes, and
// the bytes of isLo and isHi to 0xff for structural characters. tmp is
// clobbered. The low four bits of a byte select an entry of Y0, and only a
// structural character equals its entry. The method is that of simdjson
// (Langdale and Lemire, 2019).
#define STRUCTURAL(P, at, lo, hi, isLo, isHi, mask, tmp) \
	VMOVDQU   at(P), lo;                \
	VMOVDQU   (at+32)(P), hi;           \
	VPSHUFB   lo, Y0, isLo;             \
	VPSHUFB   hi, Y0, isHi;             \
	VPCMPEQB  lo, isLo, isLo;           \
	VPCMPEQB  hi, isHi, isHi;           \
	VPMOVMSKB isLo, mask;               \
	VPMOVMSKB isHi, tmp;                \
	SHLQ      $32, tmp;                 \
	ORQ       tmp, mask

// SHORT_COUNT looks up the keys X8 and X10, counts their pair, and advances P
// to the next record. R8 is the offset of the record's end. See SHORT_RECORD
// for probe and hit.
#define SHORT_COUNT(P, probe, hit) \
	VAESENC   X1, X8, X9;               \
	VAESENC   X1, X10, X6;              \
	VAESENC   X2, X9, X9;               \
	VAESENC   X2, X6, X6;               \
	VMOVD     X9, BX;                   \
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

// SHORT_PROBE searches for the two keys, each from the slot of its hash to the
// first unused slot.
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

// COUNT_ALL and COUNT_ONE are the bodies of the countAll and countOne
// functions.
#define COUNT_ALL(PREPARE, RECORD, PROBE) \
	MOVQ s+0(FP), AX;               \
	LOAD;                           \
	PREPARE;                        \
	XORL DX, DX;                    \
	CMPQ SI, stop0;                 \
	JAE  done;                      \
	CMPQ DI, stop1;                 \
	JAE  done;                      \
	CMPQ R9, stop2;                 \
	JAE  done;                      \
records: \
	RECORD(SI, probe0, hit0, fail0); \
	RECORD(DI, probe1, hit1, fail1); \
	RECORD(R9, probe2, hit2, fail2); \
	INCQ rounds;                    \
	CMPQ SI, stop0;                 \
	JAE  end;                       \
	CMPQ DI, stop1;                 \
	JAE  end;                       \
	CMPQ R9, stop2;                 \
	JB   records;                      \
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

#define COUNT_ONE(PREPARE, RECORD, PROBE) \
	MOVQ s+0(FP), AX;               \
	LOAD;                           \
	PREPARE;                        \
	XORL DX, DX;                    \
	CMPQ SI, stop0;                 \
	JAE  done;                      \
record: \
	RECORD(SI, probe, hit, fail); \
	INCQ rounds;                    \
	CMPQ SI, stop0;                 \
	JB   record;                       \
	XORL DX, DX;                    \
done: \
	MOVQ DX, stopped+8(FP);         \
	STORE;                          \
	RET;                            \
fail: \
	MOVL $1, DX;                    \
	JMP  done;                      \
	PROBE(probe, first, second, hit, fail)
