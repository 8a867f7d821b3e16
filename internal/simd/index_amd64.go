//go:build !purego

package simd

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT

// hasAVX512 requires what this package and package fused use. The processors
// that have VBMI2 have the rest.
var hasAVX512 = hasAVX2 && cpu.X86.HasBMI2 && cpu.X86.HasAES && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW &&
	cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VBMI2

// native are the kernels for this architecture, the fastest last.
var native = []Kernel{
	{Name: "avx2", Available: hasAVX2, Index: indexAVX2},
	{Name: "avx512", Available: hasAVX512, Index: indexAVX512},
}

// scanAVX2 scans groups of 64 bytes, beginning at b, and writes the offsets of
// delimiters and line feeds to dst. It stops before a group that contains a
// quote, and returns the number of groups scanned.
//
// afterCR is 1 if the byte before b is a carriage return, otherwise 0. crs is
// nonzero if there is a carriage return. lone is nonzero if a carriage return
// is not followed by a line feed; the last byte is not considered. dst must
// hold 16 entries more than there are offsets.
//
//go:noescape
func scanAVX2(dst *uint32, b *byte, groups int, delimiter byte, afterCR uint64) (done, offsets, newlines int, crs, lone uint64)

// scanAVX512 is scanAVX2 for AVX-512 with VBMI2.
//
//go:noescape
func scanAVX512(dst *uint32, b *byte, groups int, delimiter byte, afterCR uint64) (done, offsets, newlines int, crs, lone uint64)

func indexAVX2(dst []uint32, b []byte, delimiter byte) Marks {
	return indexGroups(dst, b, delimiter, scanAVX2)
}

func indexAVX512(dst []uint32, b []byte, delimiter byte) Marks {
	return indexGroups(dst, b, delimiter, scanAVX512)
}

// indexGroups scans the groups of b with scan, and the rest as the generic
// kernel does.
func indexGroups(dst []uint32, b []byte, delimiter byte,
	scan func(dst *uint32, b *byte, groups int, delimiter byte, afterCR uint64) (done, offsets, newlines int, crs, lone uint64)) Marks {
	groups := len(b) / group
	if groups == 0 {
		return indexGeneric(dst, b, delimiter)
	}
	_ = dst[len(b)+15]
	done, offsets, newlines, crs, lone := scan(&dst[0], &b[0], groups, delimiter, 0)
	if done < groups {
		return Marks{Quote: true}
	}
	m := Marks{Offsets: offsets, Newlines: newlines, CR: crs != 0, LoneCR: lone != 0}
	return m.finish(dst, b, groups*group, delimiter)
}
