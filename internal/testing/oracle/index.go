package oracle

// Separators is what a kernel of package simd is to find in b: the offsets of delimiters and line feeds, the
// number of line feeds, and whether there is a quote, a carriage return, or one that is followed by another byte
// than a line feed. If there is a quote, nothing else is said.
type Separators struct {
	Offsets           []uint32
	Newlines          int
	Quote, CR, LoneCR bool
}

// Index looks at one byte after another.
func Index(b []byte, comma byte) (s Separators) {
	for i, c := range b {
		switch c {
		case '"':
			return Separators{Quote: true}
		case comma:
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
