// What the functions of streams_amd64.s and wide_amd64.s share.
//
// Registers:
//
//	SI, DI, R9     the rows at hand of the lanes
//	R10            shortMasks or longMasks
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

// STORE gives the lanes back. AX is overwritten.
#define STORE \
	VZEROUPPER;                     \
	MOVQ s+0(FP), AX;               \
	MOVQ SI, (streams_pos+0)(AX);     \
	MOVQ DI, (streams_pos+8)(AX);     \
	MOVQ R9, (streams_pos+16)(AX);    \
	MOVQ rounds, BX;                \
	MOVQ BX, streams_rounds(AX)

// STRUCTURAL makes the mask of the special bytes in the 64 from at on: bit i stands for byte i. lo and hi become these
// bytes, isLo and isHi are all ones where one is special, tmp is overwritten. The low four bits of a byte choose an
// entry of Y0; only a special byte is equal to its entry.
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

// SHORT_COUNT looks the keys X8 and X10 up, counts their pair, and moves P behind the record, whose end begins R8 bytes
// from it. probe and hit are as in SHORT_RECORD.
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

// COUNT_ALL and COUNT_ONE are the bodies of the functions below.
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
