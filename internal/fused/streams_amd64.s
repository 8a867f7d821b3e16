//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "streams_amd64.h"

// FIND_LEADING and FIND_ANY find four structural characters of a record by AX,
// the mask of the structural characters in its first 64 bytes. They set BX to
// the position at which the first key ends, CX and DX to those at which the
// second key begins and ends, and R8 to that at which the record's end begins.
// A position is 64 if the record has no such character. FIND_LEADING is for
// patterns in which these are the first four characters, FIND_ANY for all
// others.
#define FIND_LEADING \
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

// SHORT_RECORD counts the record at P and advances P to the next one, or jumps
// to fail without any change. It jumps to probe if a key is not in the first
// slot of its hash; the code there returns to hit with the matching slots in BX
// and CX.
//
// The keys include the structural characters around their fields, and the
// record's end includes the remaining ones. Thus each structural character of
// the record is compared with the expected one, and there can be no others.
#define SHORT_RECORD(FIND, P, probe, hit, fail) \
	STRUCTURAL(P, 0, Y4, Y5, Y6, Y7, AX, BX); \
	FIND;                               \
	MOVL      (P)(R8*1), AX;            \
	ANDL      endMask, AX;              \
	CMPL      AX, endWord;              \
	JNE       fail;                     \
	SHLQ      $4, BX;                   \
	VMOVDQU   (R10)(BX*1), X8;          \
	VPAND     (P), X8, X8;              \
	SUBQ      CX, DX;                   \
	SHLQ      $4, DX;                   \
	VMOVDQU   (R10)(DX*1), X10;         \
	VPAND     (P)(CX*1), X10, X10;      \
	SHORT_COUNT(P, probe, hit)

// LONG_RECORD is SHORT_RECORD for longer keys and records. The first key has up
// to 64 bytes and the second up to 32, and up to 64 bytes follow the first key.
// R10 is longMasks.
//
// It scans 128 bytes. The mask AX represents the 64 bytes that begin with the
// structural character at which the first key ends. The mask of the second 64
// bytes is shifted by one and then by the rest, because a shift by 64 would be
// a shift by 0.
#define LONG_RECORD(P, probe, hit, fail) \
	STRUCTURAL(P, 64, Y8, Y9, Y6, Y7, DX, CX); \
	STRUCTURAL(P, 0, Y4, Y5, Y6, Y7, AX, BX); \
	PDEPQ        AX, R12, BX;           \
	TZCNTQ       BX, BX;                \
	SHRXQ        BX, AX, AX;            \
	ADDQ         DX, DX;                \
	MOVL         $63, CX;               \
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

// LONG_PROBE is SHORT_PROBE for slots of long keys.
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

#define LEADING_RECORD(P, probe, hit, fail) SHORT_RECORD(FIND_LEADING, P, probe, hit, fail)
#define ANY_RECORD(P, probe, hit, fail) SHORT_RECORD(FIND_ANY, P, probe, hit, fail)

#define NOTHING

// func countAllLeading(s *streams) (stopped int)
TEXT ·countAllLeading(SB), NOSPLIT, $80-16
	COUNT_ALL(NOTHING, LEADING_RECORD, SHORT_PROBE)

// func countOneLeading(s *streams) (stopped int)
TEXT ·countOneLeading(SB), NOSPLIT, $80-16
	COUNT_ONE(NOTHING, LEADING_RECORD, SHORT_PROBE)

// func countAllAny(s *streams) (stopped int)
TEXT ·countAllAny(SB), NOSPLIT, $80-16
	COUNT_ALL(NOTHING, ANY_RECORD, SHORT_PROBE)

// func countOneAny(s *streams) (stopped int)
TEXT ·countOneAny(SB), NOSPLIT, $80-16
	COUNT_ONE(NOTHING, ANY_RECORD, SHORT_PROBE)

// func countAllLong(s *streams) (stopped int)
TEXT ·countAllLong(SB), NOSPLIT, $80-16
	COUNT_ALL(NOTHING, LONG_RECORD, LONG_PROBE)

// func countOneLong(s *streams) (stopped int)
TEXT ·countOneLong(SB), NOSPLIT, $80-16
	COUNT_ONE(NOTHING, LONG_RECORD, LONG_PROBE)
