package oracle

// Separators is the result that a kernel of package simd must return for some
// bytes: the offsets of delimiters and line feeds, the number of line feeds,
// and whether there is a quote, a carriage return, or a carriage return before
// a byte other than a line feed. If Quote is set, the other fields are zero.
type Separators struct {
	Offsets           []uint32
	Newlines          int
	Quote, CR, LoneCR bool
}

// Index examines b byte by byte.
func Index(b []byte, delimiter byte) (s Separators) {
	for i, c := range b {
		switch c {
		case '"':
			return Separators{Quote: true}
		case delimiter:
			s.Offsets = append(s.Offsets, uint32(i))
		case '\n':
			s.Offsets = append(s.Offsets, uint32(i))
			s.Newlines++
		case '\r':
			s.CR = true
			s.LoneCR = s.LoneCR || i+1 < len(b) && b[i+1] != '\n'
		}
	}
	return s
}
