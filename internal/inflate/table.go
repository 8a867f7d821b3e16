package inflate

import "sync"

// An entry of a decoding table is the meaning of the next bits of the input.
// The package comment has its format.
type entry = uint32

const (
	consumed    = 63      // mask of the bits to consume
	lenShift    = 8       // bits of the codewords, without extra bits
	countShift  = 6       // number of literals
	isLiteral   = 1 << 14 // literals without a length
	isSpecial   = 1 << 15 // the codeword continues in a subtable, or isStop
	isStop      = isSpecial
	valueShift  = 16 // first literal, or distance
	secondShift = 24 // second literal, or length - minLength

	minLength = 3
)

// Sizes of the tables: entries of the main table, and the largest number of
// entries with subtables for any code of up to 15 bits.
const (
	litBits     = 11
	litEntries  = 2342 // for 288 symbols
	distBits    = 8
	distEntries = 402 // for 32 symbols
)

// tables are the codes of a block and the tables to decode them.
type tables struct {
	lit, dist huffman
	minBits   int // the least number of bits from a symbol for literals and lengths to the end of the block

	litTable  [litEntries]entry
	distTable [distEntries]entry
}

// fixed returns the code of blocks of type 1 (RFC 1951, section 3.2.6).
var fixed = sync.OnceValue(func() *tables {
	var lengths [allLitSymbols + allDistSymbols]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		case i < allLitSymbols:
			lengths[i] = 8
		default:
			lengths[i] = 5
		}
	}
	t := new(tables)
	if err := t.init(lengths[:allLitSymbols], lengths[allLitSymbols:]); err != nil {
		panic(err) // the lengths are constants
	}
	return t
})

// init sets the codes from the lengths of their codewords, and fills the
// tables.
func (t *tables) init(lit, dist []uint8) error {
	if err := t.lit.init(lit); err != nil {
		return err
	}
	if err := t.dist.init(dist); err != nil {
		return err
	}
	end := int(lit[endOfBlock])
	if end == 0 {
		return ErrNoEndOfBlock
	}
	t.minBits = max(t.lit.min, end)
	t.lit.fill(t.litTable[:], litBits, &litValues)
	t.dist.fill(t.distTable[:], distBits, &distValues)
	return nil
}

// litValues and distValues hold the entry of each symbol for a codeword of
// length 0. Symbols that are never valid stop the loop, as the end of the block
// does. afterLiteral holds the entries for literals and lengths that follow a
// literal.
var litValues, afterLiteral = func() (values, after [allLitSymbols]entry) {
	for i := range values {
		values[i], after[i] = isStop, isStop
	}
	for i := range endOfBlock {
		values[i] = isLiteral | 1<<countShift | entry(i)<<valueShift
		after[i] = isLiteral | 2<<countShift | entry(i)<<secondShift
	}
	for i, length := range lengthBases {
		values[endOfBlock+1+i] = entry(length-minLength)<<secondShift | entry(lengthExtra[i])
		after[endOfBlock+1+i] = 1<<countShift | values[endOfBlock+1+i]
	}
	return values, after
}()

var distValues = func() (values [allLitSymbols]entry) {
	for i := range values {
		values[i] = isStop
	}
	for i, distance := range distBases {
		values[i] = entry(distance)<<valueShift | entry(distExtra[i])
	}
	return values
}()

// Lengths and distances (RFC 1951, section 3.2.5): the lowest value of each
// symbol, and the number of bits that are added to it.
var (
	lengthBases = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBases   = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// withLength returns the entry for the given value and codewords of n bits.
func withLength(value entry, n int) entry {
	if value == isStop {
		return isStop
	}
	return value + entry(n)<<lenShift + entry(n)
}

// fill sets a decoding table whose main table has 1<<width entries. It doubles
// the table for each length of a codeword, so that codewords of n bits are set
// once in 1<<n entries and then copied. Entries that no codeword uses stop the
// loop.
func (h *huffman) fill(table []entry, width int, values *[allLitSymbols]entry) {
	table[0] = isStop
	for n := 1; n <= width; n++ {
		half := 1 << (n - 1)
		copy(table[half:2*half], table[:half])
		for i := h.first[n]; i < h.first[n+1]; i++ {
			table[h.reversed[i]] = withLength(values[h.symbols[i]], n)
		}
		if values == &litValues {
			h.fillPairs(table, n)
		}
	}
	h.fillSubtables(table, width, values)
}

// fillPairs sets the entries of a literal and another literal or a length whose
// codewords have n bits together.
func (h *huffman) fillPairs(table []entry, n int) {
	for a := h.min; a <= n-h.min; a++ {
		b := n - a
		for i := h.first[a]; i < h.first[a]+h.literals[a]; i++ {
			pair := entry(h.symbols[i])<<valueShift + withLength(0, n)
			for j := h.first[b]; j < h.first[b+1]; j++ {
				if after := afterLiteral[h.symbols[j]]; after != isStop {
					table[h.reversed[i]|h.reversed[j]<<a] = pair + after
				}
			}
		}
	}
}

// fillSubtables sets the entries of codewords of more than width bits. Those
// with the same first bits follow each other, the longest one last, and share a
// subtable.
func (h *huffman) fillSubtables(table []entry, width int, values *[allLitSymbols]entry) {
	mask := uint16(1)<<width - 1
	free := 1 << width
	for i, n := h.first[width+1], width+1; i < h.first[maxCodeLen+1]; {
		last := i
		for last+1 < h.first[maxCodeLen+1] && h.reversed[last+1]&mask == h.reversed[i]&mask {
			last++
		}
		size := h.lengthOf(last, n) - width
		table[h.reversed[i]&mask] = isSpecial | entry(size) | entry(free)<<valueShift
		for ; i <= last; i++ {
			n = h.lengthOf(i, n)
			e := withLength(values[h.symbols[i]], n)
			for at := int(h.reversed[i] >> width); at < 1<<size; at += 1 << (n - width) {
				table[free+at] = e
			}
		}
		free += 1 << size
	}
}

// lengthOf returns the length of the codeword with index i, which is at least
// n.
func (h *huffman) lengthOf(i uint16, n int) int {
	for i >= h.first[n+1] {
		n++
	}
	return n
}
