//go:build !purego

package simd

// native is the NEON kernel. Every arm64 processor has NEON.
var native = []Kernel{{Name: "neon", Available: true, Index: indexNEON}}

// scanNEON scans groups of 64 bytes, beginning at b, and writes the offsets of
// delimiters and line feeds to dst. It stops before a group that contains a
// quote, and returns the number of groups scanned.
//
// crs is nonzero if there is a carriage return. lone is nonzero if a carriage
// return is not followed by a line feed; the last byte is not considered. The
// byte before b is assumed not to be a carriage return. dst must hold eight
// entries more than there are offsets.
//
//go:noescape
func scanNEON(dst *uint32, b *byte, groups int, delimiter byte) (done, offsets, newlines int, crs, lone uint64)

func indexNEON(dst []uint32, b []byte, delimiter byte) Marks {
	groups := len(b) / group
	if groups == 0 {
		return indexGeneric(dst, b, delimiter)
	}
	_ = dst[len(b)+7]
	done, offsets, newlines, crs, lone := scanNEON(&dst[0], &b[0], groups, delimiter)
	if done < groups {
		return Marks{Quote: true}
	}
	m := Marks{Offsets: offsets, Newlines: newlines, CR: crs != 0, LoneCR: lone != 0}
	return m.finish(dst, b, groups*group, delimiter)
}
