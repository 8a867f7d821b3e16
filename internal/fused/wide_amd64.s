//go:build !purego

#include "go_asm.h"
#include "textflag.h"
#include "streams_amd64.h"

// The frame of WIDE_RECORD, in addition to that of streams_amd64.h: the masks
// of the structural characters in its four groups of 64 bytes, the number of
// structural characters before each group, and the numbers to look for.
#define group0     80(SP)
#define group1     88(SP)
#define group2     96(SP)
#define group3    104(SP)
#define before0   112(SP)
#define before1   120(SP)
#define before2   128(SP)
#define before3   136(SP)
#define nearBegin 144(SP)
#define nearEnd   152(SP)
#define farBegin  160(SP)
#define farEnd    168(SP)
#define lastOne   176(SP)
#define nearStart 184(SP)

// LOAD_WIDE sets what WIDE_RECORD needs in addition to LOAD. Y3 holds the
// delimiter in every byte.
#define LOAD_WIDE \
	MOVQ         s+0(FP), AX;           \
	VPBROADCASTB streams_delimiter(AX), Y3;   \
	MOVQ         R12, nearEnd;          \
	MOVQ         R13, farBegin;         \
	MOVQ         R15, farEnd;           \
	MOVQ         R14, lastOne;          \
	MOVQ         streams_nearBegin(AX), BX; \
	MOVQ         BX, nearBegin;         \
	MOVQ         streams_nearStart(AX), BX; \
	MOVQ         BX, nearStart;         \
	MOVQ         $0, before0;           \
	MOVL         $1, R15

// GROUP stores the mask of the structural characters in the 64 bytes at offset
// at. If one of them is not a delimiter, R8 is set to the offset of the first
// such.
#define GROUP(P, at, group) \
	STRUCTURAL(P, at, Y4, Y5, Y6, Y7, AX, BX); \
	MOVQ      AX, group;                \
	VPCMPEQB  Y4, Y3, Y8;               \
	VPCMPEQB  Y5, Y3, Y9;               \
	VPANDN    Y6, Y8, Y6;               \
	VPANDN    Y7, Y9, Y7;               \
	VPMOVMSKB Y6, CX;                   \
	VPMOVMSKB Y7, DX;                   \
	SHLQ      $32, DX;                  \
	ORQ       DX, CX;                   \
	TZCNTQ    CX, CX;                   \
	LEAQ      at(CX), CX;               \
	CMOVQCC   CX, R8

// LOOK sets place to the offset of the structural character with the given
// number. The four groups must contain that many: otherwise the number within
// the last group could exceed 63, and the shift by it would wrap. R12, R13 and
// R14 are before1 to before3, and R15 is 1. DX is clobbered.
#define LOOK(number, place) \
	MOVQ   number, place;               \
	XORL   DX, DX;                      \
	CMPQ   place, R12;                  \
	SBBQ   $-1, DX;                     \
	CMPQ   place, R13;                  \
	SBBQ   $-1, DX;                     \
	CMPQ   place, R14;                  \
	SBBQ   $-1, DX;                     \
	SUBQ   112(SP)(DX*8), place;        \
	SHLXQ  place, R15, place;           \
	PDEPQ  80(SP)(DX*8), place, place;  \
	TZCNTQ place, place;                \
	SHLQ   $6, DX;                      \
	ADDQ   DX, place

// WIDE_RECORD is SHORT_RECORD for records of any number of columns and up to
// 256 bytes, with the two columns at any position. The structural character
// with the number of the record's end must be the first one that is not a
// delimiter. Hence no quote or line feed precedes it, and the number of
// delimiters is correct. A key is a name and the structural character that
// follows it. Because the keys need not include the beginning of the record, it
// is compared with a byte order mark.
#define WIDE_RECORD(P, probe, hit, fail) \
	MOVQ      $-1, R8;                  \
	GROUP(P, 192, group3);              \
	GROUP(P, 128, group2);              \
	GROUP(P, 64, group1);               \
	GROUP(P, 0, group0);                \
	POPCNTQ   AX, R12;                  \
	POPCNTQ   group1, R13;              \
	POPCNTQ   group2, R14;              \
	ADDQ      R12, R13;                 \
	ADDQ      R13, R14;                 \
	MOVQ      R12, before1;             \
	MOVQ      R13, before2;             \
	MOVQ      R14, before3;             \
	POPCNTQ   group3, AX;               \
	ADDQ      R14, AX;                  \
	CMPQ      AX, lastOne;              \
	JBE       fail;                     \
	MOVL      (P), AX;                  \
	ANDL      $0xffffff, AX;            \
	CMPL      AX, $0xbfbbef;            \
	JEQ       fail;                     \
	LOOK(lastOne, AX);                  \
	CMPQ      AX, R8;                   \
	JNE       fail;                     \
	MOVL      (P)(R8*1), AX;            \
	ANDL      endMask, AX;              \
	CMPL      AX, endWord;              \
	JNE       fail;                     \
	LOOK(nearBegin, AX);                \
	LOOK(nearEnd, BX);                  \
	INCQ      AX;                       \
	ANDQ      nearStart, AX;            \
	SUBQ      AX, BX;                   \
	SHLQ      $4, BX;                   \
	CMPQ      BX, $1024;                \
	JA        fail;                     \
	VMOVDQU   (R10)(BX*1), X8;          \
	VPAND     (P)(AX*1), X8, X8;        \
	LOOK(farBegin, AX);                 \
	LOOK(farEnd, CX);                   \
	INCQ      AX;                       \
	SUBQ      AX, CX;                   \
	SHLQ      $4, CX;                   \
	CMPQ      CX, $1024;                \
	JA        fail;                     \
	VMOVDQU   (R10)(CX*1), X10;         \
	VPAND     (P)(AX*1), X10, X10;      \
	SHORT_COUNT(P, probe, hit)

// func countAllWide(s *streams) (stopped int)
TEXT ·countAllWide(SB), NOSPLIT, $192-16
	COUNT_ALL(LOAD_WIDE, WIDE_RECORD, SHORT_PROBE)

// func countOneWide(s *streams) (stopped int)
TEXT ·countOneWide(SB), NOSPLIT, $192-16
	COUNT_ONE(LOAD_WIDE, WIDE_RECORD, SHORT_PROBE)
