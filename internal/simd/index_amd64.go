//go:build !purego

package simd

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT

// native is the AVX2 kernel.
var native = Kernel{Name: "avx2", Available: hasAVX2, Index: indexAVX2}

// scanAVX2 scans groups of 64 bytes, beginning at b, and writes the offsets of
// delimiters and line feeds to dst. It stops before a group that contains a
// quote, and returns the number of groups scanned.
//
// afterCR is 1 if the byte before b is a carriage return, otherwise 0. crs is
// nonzero if there is a carriage return. lone is nonzero if a carriage return
// is not followed by a line feed; the last byte is not considered. dst must
// hold eight entries more than there are offsets.
//
//go:noescape
func scanAVX2(dst *uint32, b *byte, groups int, delimiter byte, afterCR uint64) (done, offsets, newlines int, crs, lone uint64)

func indexAVX2(dst []uint32, b []byte, delimiter byte) Marks {
	groups := len(b) / group
	if groups == 0 {
		return indexGeneric(dst, b, delimiter)
	}
	_ = dst[len(b)+7]
	done, offsets, newlines, crs, lone := scanAVX2(&dst[0], &b[0], groups, delimiter, 0)
	if done < groups {
		return Marks{Quote: true}
	}
	m := Marks{Offsets: offsets, Newlines: newlines, CR: crs != 0, LoneCR: lone != 0}
	return m.finish(dst, b, groups*group, delimiter)
}
