package inflate

import "math/bits"

// Sizes of the alphabets (RFC 1951, sections 3.2.5 to 3.2.7). The last two
// symbols for literals and lengths and the last two for distances occur only in
// the fixed code, and never in valid data.
const (
	maxLitSymbols  = 286
	maxDistSymbols = 30
	allLitSymbols  = 288
	allDistSymbols = 32
	endOfBlock     = 256
	maxCodeLen     = 15
)

// huffman is a canonical Huffman code: the codewords of one length are
// consecutive numbers, in the order of their symbols.
type huffman struct {
	counts   [maxCodeLen + 1]uint16 // number of codewords of each length
	first    [maxCodeLen + 2]uint16 // index in symbols of the first codeword of each length
	literals [maxCodeLen + 1]uint16 // number of codewords of each length whose symbols are below 256
	symbols  [allLitSymbols]uint16  // in the order of their codewords
	reversed [allLitSymbols]uint16  // their codewords, first bit lowest
	min, max int                    // lengths of the shortest and longest codeword, or 0
}

// init sets the code from the lengths of its codewords. A code must use all
// sequences of bits, except for a code of a single codeword of one bit, and for
// a code without codewords, of which each use is an error.
func (h *huffman) init(lengths []uint8) error {
	h.counts = [maxCodeLen + 1]uint16{}
	for _, n := range lengths {
		h.counts[n&maxCodeLen]++
	}
	h.counts[0] = 0
	if err := h.check(); err != nil {
		return err
	}
	h.sort(lengths)
	return nil
}

// check sets min and max, and verifies Kraft's equation.
func (h *huffman) check() error {
	h.min, h.max = 0, 0
	used := 0 // of the codewords of maxCodeLen bits
	for n, count := range h.counts {
		if count == 0 {
			continue
		}
		if h.min == 0 {
			h.min = n
		}
		h.max = n
		used += int(count) << (maxCodeLen - n)
	}
	switch single := h.max == 1 && h.counts[1] == 1; {
	case used > 1<<maxCodeLen:
		return ErrOversubscribed
	case used < 1<<maxCodeLen && !single && h.max > 0:
		return ErrIncomplete
	}
	return nil
}

// sort sets first, literals, symbols and reversed.
func (h *huffman) sort(lengths []uint8) {
	var next, code [maxCodeLen + 1]uint16
	for n := 1; n <= maxCodeLen; n++ {
		h.literals[n] = 0
		h.first[n+1] = h.first[n] + h.counts[n]
		next[n] = h.first[n]
		code[n] = (code[n-1] + h.counts[n-1]) << 1
	}
	for symbol, n := range lengths {
		if n &= maxCodeLen; n == 0 {
			continue
		}
		h.symbols[next[n]] = uint16(symbol)
		h.reversed[next[n]] = bits.Reverse16(code[n]) >> (16 - n)
		next[n]++
		code[n]++
		if symbol < endOfBlock {
			h.literals[n]++
		}
	}
}
