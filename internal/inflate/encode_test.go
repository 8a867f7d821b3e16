package inflate

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// writer writes DEFLATE streams of any kind, including invalid ones, and holds
// their decoded data.
type writer struct {
	stream []byte
	free   int // unused bits of the last byte
	data   []byte
}

// bits writes the low n bits of v, the lowest one first.
func (w *writer) bits(v, n int) {
	for i := range n {
		if w.free == 0 {
			w.stream = append(w.stream, 0)
			w.free = 8
		}
		w.stream[len(w.stream)-1] |= byte(v>>i&1) << (8 - w.free)
		w.free--
	}
}

// stored writes a stored block.
func (w *writer) stored(final int, data []byte) {
	w.bits(final, 1)
	w.bits(0, 2)
	w.free = 0
	w.stream = binary.LittleEndian.AppendUint16(w.stream, uint16(len(data)))
	w.stream = binary.LittleEndian.AppendUint16(w.stream, ^uint16(len(data)))
	w.stream = append(w.stream, data...)
	w.data = append(w.data, data...)
}

// codewords returns the canonical codewords of a code, with the first bit
// lowest, by counting in the order of RFC 1951, section 3.2.2.
func codewords(lengths []int) []int {
	words := make([]int, len(lengths))
	code := 0
	for n := 1; n <= maxCodeLen; n++ {
		for symbol, length := range lengths {
			if length == n {
				words[symbol] = int(bits.Reverse16(uint16(code)) >> (16 - n))
				code++
			}
		}
		code <<= 1
	}
	return words
}

// dynamic writes the header of a dynamic block with the given code lengths. All
// 16 code lengths have codewords of four bits.
func (w *writer) dynamic(final int, lit, dist []int) {
	w.bits(final, 1)
	w.bits(2, 2)
	w.bits(len(lit)-257, 5)
	w.bits(len(dist)-1, 5)
	w.bits(len(lengthOrder)-4, 4)
	var meta [len(lengthOrder)]int
	for i := range 16 {
		meta[i] = 4
	}
	for _, symbol := range lengthOrder {
		w.bits(meta[symbol], 3)
	}
	words := codewords(meta[:])
	for _, length := range toBytes(lit, dist) {
		w.bits(words[length], 4)
	}
}

func toBytes(lists ...[]int) (b []byte) {
	for _, list := range lists {
		for _, v := range list {
			b = append(b, byte(v))
		}
	}
	return b
}

// block writes the contents of a block with the given code.
type block struct {
	*writer
	lit, dist           []int // lengths of codewords
	litWords, distWords []int
}

func (w *writer) block(lit, dist []int) *block {
	return &block{w, lit, dist, codewords(lit), codewords(dist)}
}

func (b *block) symbol(v int) { b.bits(b.litWords[v], b.lit[v]) }

func (b *block) literal(v byte) {
	b.symbol(int(v))
	b.data = append(b.data, v)
}

func (b *block) end() { b.symbol(endOfBlock) }

// match writes a match. Its distance must be within the data.
func (b *block) match(length, distance int) {
	symbol, extra := symbolOf(lengthBases[:], length)
	b.symbol(endOfBlock + 1 + symbol)
	b.bits(extra, int(lengthExtra[symbol]))
	symbol, extra = symbolOf(distBases[:], distance)
	b.bits(b.distWords[symbol], b.dist[symbol])
	b.bits(extra, int(distExtra[symbol]))
	for range length {
		b.data = append(b.data, b.data[len(b.data)-distance])
	}
}

func symbolOf(bases []uint16, v int) (symbol, extra int) {
	for symbol = len(bases) - 1; int(bases[symbol]) > v; symbol-- {
	}
	return symbol, v - int(bases[symbol])
}

// fixedLengths are the code lengths of RFC 1951, section 3.2.6.
func fixedLengths() (lit, dist []int) {
	for _, run := range []struct{ n, length int }{{144, 8}, {112, 9}, {24, 7}, {8, 8}} {
		for range run.n {
			lit = append(lit, run.length)
		}
	}
	for range 32 {
		dist = append(dist, 5)
	}
	return lit, dist
}

// randomCode returns the lengths of a complete code for n symbols, each of
// which has a codeword, by splitting random codewords.
func randomCode(rng *rand.Rand, n int) []int {
	lengths := []int{0}
	for len(lengths) < n {
		i := rng.IntN(len(lengths))
		if rng.IntN(3) > 0 { // prefer long codewords
			i = len(lengths) - 1
		}
		if lengths[i] == maxCodeLen {
			i = shortest(lengths)
		}
		lengths[i]++
		lengths = append(lengths, lengths[i])
	}
	rng.Shuffle(n, func(i, j int) { lengths[i], lengths[j] = lengths[j], lengths[i] })
	return lengths
}

func shortest(lengths []int) (at int) {
	for i, n := range lengths {
		if n < lengths[at] {
			at = i
		}
	}
	return at
}

// spread returns code lengths for an alphabet of n symbols, in which the given
// symbols have the given lengths and all others have no codeword.
func spread(n int, symbols, lengths []int) []int {
	all := make([]int, n)
	for i, symbol := range symbols {
		all[symbol] = lengths[i]
	}
	return all
}
