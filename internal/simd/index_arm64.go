//go:build !purego

package simd

// native is the kernel for this processor: every arm64 has NEON.
var native = Kernel{Name: "neon", Available: true, Index: indexNEON}

// scanNEON looks at groups×64 bytes from b on, writes the offsets of separators to dst, and stops before a group
// with a quote in it. crs is not 0 if there is a carriage return, lone not 0 if one has no line feed behind it;
// that of the last byte is left open. The byte before b is taken for no carriage return.
// dst must have room for all separators and eight more.
//
//go:noescape
func scanNEON(dst *uint32, b *byte, groups int, comma byte) (done, offsets, newlines int, crs, lone uint64)

func indexNEON(dst []uint32, b []byte, comma byte) Marks {
	groups := len(b) / group
	if groups == 0 {
		return indexGeneric(dst, b, comma)
	}
	_ = dst[len(b)+7]
	done, offsets, newlines, crs, lone := scanNEON(&dst[0], &b[0], groups, comma)
	if done < groups {
		return Marks{Quote: true}
	}
	m := Marks{Offsets: offsets, Newlines: newlines, CR: crs != 0, LoneCR: lone != 0}
	return m.finish(dst, b, groups*group, comma)
}
