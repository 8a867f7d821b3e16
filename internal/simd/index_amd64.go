//go:build !purego

package simd

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT

// native is the kernel for this processor.
var native = Kernel{Name: "avx2", Available: hasAVX2, Index: indexAVX2}

// scanAVX2 looks at groups×64 bytes from b on, writes the offsets of separators to dst, and stops before a group
// with a quote in it. afterCR is 1 if the byte before b is a carriage return, else 0. crs is not 0 if there is a
// carriage return, lone not 0 if one has no line feed behind it; that of the last byte is left open.
// dst must have room for all separators and eight more.
//
//go:noescape
func scanAVX2(dst *uint32, b *byte, groups int, comma byte, afterCR uint64) (done, offsets, newlines int, crs, lone uint64)

func indexAVX2(dst []uint32, b []byte, comma byte) Marks {
	groups := len(b) / group
	if groups == 0 {
		return indexGeneric(dst, b, comma)
	}
	_ = dst[len(b)+7]
	done, offsets, newlines, crs, lone := scanAVX2(&dst[0], &b[0], groups, comma, 0)
	if done < groups {
		return Marks{Quote: true}
	}
	m := Marks{Offsets: offsets, Newlines: newlines, CR: crs != 0, LoneCR: lone != 0}
	return m.finish(dst, b, groups*group, comma)
}
