package inflate

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"fastcount/internal/testing/proof"
)

// randomStream returns a stream of up to n tokens in blocks of all kinds with
// random codes.
func randomStream(rng *rand.Rand, n int) *writer {
	w := new(writer)
	blocks := 1 + rng.IntN(4)
	for i := range blocks {
		final := 0
		if i == blocks-1 {
			final = 1
		}
		switch rng.IntN(5) {
		case 0:
			w.stored(final, noise(rng.IntN(30)))
		case 1:
			w.bits(final|1<<1, 3)
			randomBlock(rng, w.block(fixedLengths()), n)
		default:
			lit, dist := randomCode(rng, 257+rng.IntN(30)), randomCode(rng, 2+rng.IntN(29))
			w.dynamic(final, lit, dist)
			randomBlock(rng, w.block(lit, dist), n)
		}
	}
	return w
}

// randomBlock writes literals and matches.
func randomBlock(rng *rand.Rand, b *block, n int) {
	for range n {
		length, distance := 3+rng.IntN(1<<rng.IntN(9)), 1+rng.IntN(1<<rng.IntN(16))
		length = min(length, 258)
		distance = min(distance, len(b.data), maxDistance)
		if distance == 0 || rng.IntN(2) == 0 || !b.has(length, distance) {
			b.literal(byte(rng.IntN(256)))
			continue
		}
		b.match(length, distance)
	}
	b.end()
}

// has reports whether the code of b has the symbols of a match.
func (b *block) has(length, distance int) bool {
	l, _ := symbolOf(lengthBases[:], length)
	d, _ := symbolOf(distBases[:], distance)
	return endOfBlock+1+l < len(b.lit) && d < len(b.dist)
}

// Streams with random complete codes, up to the longest codewords, give the
// data that was encoded.
func TestRandomCodes(t *testing.T) {
	d := newDecoders()
	rng := rand.New(rand.NewPCG(7, 8))
	n := proof.Bound(300, 30_000)
	longest := 0
	for range n {
		w := randomStream(rng, 400)
		got := d.compare(t, append(w.stream, "rest"...))
		if got.err != nil || !bytes.Equal(got.data, w.data) || got.rest != 4 {
			t.Fatalf("% x: got %v, want %d bytes", w.stream, got, len(w.data))
		}
		longest = max(longest, d.fast.dynamic.lit.max)
	}
	if longest != maxCodeLen {
		t.Errorf("the longest codeword has %d bits", longest)
	}
	proof.Cases(t, "inflate-codes", n)
}

// Every match of every length and of all distances near the limits of a symbol
// is copied exactly, also over the end of the window.
func TestMatches(t *testing.T) {
	d := newDecoders()
	var distances []int
	for i, base := range distBases {
		distances = append(distances, int(base), int(base)+1<<distExtra[i]-1)
	}
	for length := 3; length <= 258; length++ {
		w := new(writer)
		w.stored(0, noise(maxDistance)) // 32768 bytes are a valid stored block
		w.bits(1|1<<1, 3)
		b := w.block(fixedLengths())
		for _, distance := range distances {
			b.literal(byte(length))
			b.match(length, distance)
		}
		for len(w.data) < 200<<10 && length%32 == 2 {
			b.match(length, 32768)
			b.match(length, 9)
		}
		b.end()
		if got := d.compare(t, w.stream); got.err != nil || !bytes.Equal(got.data, w.data) {
			t.Fatalf("length %d: got %v, want %d bytes", length, got, len(w.data))
		}
	}
}

// sets calls f with every list of n numbers from 0 to highest.
func sets(n, highest int, f func(set []int)) {
	set := make([]int, n)
	for {
		f(set)
		i := 0
		for ; i < n && set[i] == highest; i++ {
			set[i] = 0
		}
		if i == n {
			return
		}
		set[i]++
	}
}

// All sets of code lengths for small alphabets, valid or not, followed by bits
// that use the code: the decoders agree, and the reason for which a set is
// refused is that of Kraft's equation.
func TestAllCodeLengths(t *testing.T) {
	d, tried := newDecoders(), 0
	lits, dists := []int{'a', 'b', endOfBlock, 257, 285}, []int{0, 3, 29}
	highest := proof.Bound(3, 4)
	all := spread(286, lits, []int{2, 2, 2, 3, 3})
	check := func(lit, dist, set []int) {
		w := new(writer)
		w.dynamic(1, lit, dist)
		for _, tail := range []byte{0x00, 0xff, 0x35, 0xca} {
			stream := append(bytes.Clone(w.stream), bytes.Repeat([]byte{tail, tail ^ 0x1b}, 20)...)
			got := d.compare(t, stream)
			if want := kraft(set); want != nil && !errors.Is(got.err, want) {
				t.Fatalf("lengths %v: got %v, want %v", set, got, want)
			}
			tried++
		}
	}
	sets(len(lits), highest, func(set []int) { check(spread(286, lits, set), []int{1, 1}, set) })
	sets(len(dists), 7, func(set []int) { check(all, spread(30, dists, set), set) })
	proof.Cases(t, "inflate-lengths", tried)
}

// kraft returns the reason for which a set of code lengths is no code, or nil.
func kraft(lengths []int) error {
	sum, codewords := 0.0, 0
	for _, n := range lengths {
		if n > 0 {
			sum += 1 / float64(int(1)<<n)
			codewords++
		}
	}
	switch single := codewords == 1 && sum == 0.5; {
	case sum > 1:
		return ErrOversubscribed
	case sum < 1 && codewords > 0 && !single:
		return ErrIncomplete
	}
	return nil
}

// All sets of lengths of the code for code lengths, on four of its symbols.
func TestAllLengthsOfLengths(t *testing.T) {
	d, tried := newDecoders(), 0
	for _, symbols := range [][4]int{{0, 1, 16, 18}, {1, 8, 16, 17}} {
		sets(4, 7, func(set []int) {
			meta := spread(len(lengthOrder), symbols[:], set)
			w := new(writer)
			w.bits(1|2<<1, 3)
			w.bits(0, 5)
			w.bits(0, 5)
			w.bits(len(lengthOrder)-4, 4)
			for _, symbol := range lengthOrder {
				w.bits(meta[symbol], 3)
			}
			got := d.compare(t, append(w.stream, noise(60)...))
			if want := kraft(set); want != nil && !errors.Is(got.err, want) {
				t.Fatalf("lengths %v: got %v, want %v", set, got, want)
			}
			tried++
		})
	}
	proof.Cases(t, "inflate-lengths", tried)
}

// Each rule by name, with the offset of the violation.
func TestCorrupt(t *testing.T) {
	lit, dist := fixedLengths()
	full := spread(286, []int{'a', endOfBlock, 257}, []int{1, 2, 2})
	text := func(final int) *writer {
		w := new(writer)
		w.stored(final, []byte("text"))
		return w
	}
	fixedBlock := func(f func(b *block)) []byte {
		w := text(0)
		w.bits(1|1<<1, 3)
		f(w.block(lit, dist))
		return append(w.stream, make([]byte, 50)...)
	}
	dynamicBlock := func(lit, dist []int, f func(b *block)) []byte {
		w := text(0)
		w.dynamic(1, lit, dist)
		f(w.block(lit, dist))
		return append(w.stream, make([]byte, 50)...)
	}
	nothing := func(*block) {}
	header := func(hlit, hdist int, f func(w *writer)) []byte {
		w := text(0)
		w.bits(1|2<<1, 3)
		w.bits(hlit, 5)
		w.bits(hdist, 5)
		f(w)
		return append(w.stream, make([]byte, 50)...)
	}
	// lengthsOf writes a code for code lengths with codewords of two bits for
	// the symbols 0, 1, 16 and 18, and then symbols.
	lengthsOf := func(symbols ...int) func(w *writer) {
		return func(w *writer) {
			meta := spread(len(lengthOrder), []int{0, 1, 16, 18}, []int{2, 2, 2, 2})
			w.bits(len(lengthOrder)-4, 4)
			for _, symbol := range lengthOrder {
				w.bits(meta[symbol], 3)
			}
			words := codewords(meta)
			for _, symbol := range symbols {
				w.bits(words[symbol], 2)
				if symbol == 16 {
					w.bits(3, 2)
				} else if symbol == 18 {
					w.bits(127, 7)
				}
			}
		}
	}
	badLength := text(1).stream
	badLength[3] ^= 1
	for name, test := range map[string]struct {
		stream []byte
		want   error
	}{
		"block type 3":                   {append(text(0).stream, 6), ErrBlockType},
		"stored length":                  {badLength, ErrStoredLength},
		"287 lengths":                    {header(30, 0, lengthsOf()), ErrTooManySymbols},
		"288 lengths":                    {header(31, 0, lengthsOf()), ErrTooManySymbols},
		"31 distances":                   {header(0, 30, lengthsOf()), ErrTooManySymbols},
		"32 distances":                   {header(0, 31, lengthsOf()), ErrTooManySymbols},
		"a repetition at the start":      {header(0, 0, lengthsOf(16)), ErrRepeat},
		"a repetition past the end":      {header(0, 0, lengthsOf(18, 18)), ErrTooManyLengths},
		"an empty code for lengths":      {header(0, 0, func(w *writer) { w.bits(0, 4) }), ErrInvalidCode},
		"over-subscribed literals":       {dynamicBlock(spread(286, []int{0, 1, endOfBlock}, []int{1, 1, 1}), dist[:1], nothing), ErrOversubscribed},
		"incomplete literals":            {dynamicBlock(spread(286, []int{0, endOfBlock}, []int{1, 2}), dist[:1], nothing), ErrIncomplete},
		"one literal of two bits":        {dynamicBlock(spread(286, []int{endOfBlock}, []int{2}), dist[:1], nothing), ErrIncomplete},
		"over-subscribed distances":      {dynamicBlock(full, []int{1, 1, 1}, nothing), ErrOversubscribed},
		"incomplete distances":           {dynamicBlock(full, []int{1, 2}, nothing), ErrIncomplete},
		"one distance of two bits":       {dynamicBlock(full, []int{2}, nothing), ErrIncomplete},
		"no end of the block":            {dynamicBlock(spread(286, []int{'a', 257}, []int{1, 1}), []int{1}, nothing), ErrNoEndOfBlock},
		"no literals at all":             {dynamicBlock(make([]int, 257), []int{1}, nothing), ErrNoEndOfBlock},
		"the other bit of a single code": {dynamicBlock(full, []int{1}, func(b *block) { b.symbol(257); b.bits(1, 1) }), ErrInvalidCode},
		"no distances":                   {dynamicBlock(full, []int{0}, func(b *block) { b.symbol(257) }), ErrInvalidCode},
		"the only literal not used":      {dynamicBlock(spread(286, []int{endOfBlock}, []int{1}), []int{1}, func(b *block) { b.bits(1, 1) }), ErrInvalidCode},
		"length symbol 286":              {fixedBlock(func(b *block) { b.symbol(286) }), ErrReservedSymbol},
		"length symbol 287":              {fixedBlock(func(b *block) { b.symbol(287) }), ErrReservedSymbol},
		"distance symbol 30":             {fixedBlock(func(b *block) { b.symbol(257); b.bits(b.distWords[30], 5) }), ErrReservedSymbol},
		"distance symbol 31":             {fixedBlock(func(b *block) { b.symbol(257); b.bits(b.distWords[31], 5) }), ErrReservedSymbol},
		"distance 5 of 4":                {fixedBlock(func(b *block) { b.symbol(257); b.bits(b.distWords[4], 5) }), ErrDistance},
	} {
		t.Run(name, func(t *testing.T) {
			got := newDecoders().compare(t, test.stream)
			var e *Error
			if !errors.Is(got.err, test.want) || !errors.As(got.err, &e) {
				t.Fatalf("got %v, want %v", got, test.want)
			}
			if e.Offset < 0 || e.Offset > int64(len(test.stream)) || e.Error() != fmt.Sprintf("%v near byte %d", test.want, e.Offset) {
				t.Errorf("got %v at %d of %d bytes", e, e.Offset, len(test.stream))
			}
		})
	}
}

// Codes that are valid although they look odd.
func TestOddCodes(t *testing.T) {
	full := spread(286, []int{'a', endOfBlock, 257}, []int{1, 2, 2})
	for name, test := range map[string]struct {
		lit, dist []int
		write     func(b *block)
	}{
		"no distances":       {full, []int{0}, func(b *block) { b.literal('a') }},
		"a single distance":  {full, []int{1}, func(b *block) { b.literal('a'); b.match(3, 1) }},
		"a single literal":   {spread(257, []int{endOfBlock}, []int{1}), []int{0}, func(*block) {}},
		"30 distances":       {full, spread(30, []int{0, 29}, []int{1, 1}), func(b *block) { b.literal('a'); b.match(3, 1) }},
		"length 258 as such": {spread(286, []int{'a', endOfBlock, 285}, []int{1, 2, 2}), []int{1}, func(b *block) { b.literal('a'); b.match(258, 1) }},
	} {
		w := new(writer)
		w.dynamic(1, test.lit, test.dist)
		b := w.block(test.lit, test.dist)
		test.write(b)
		b.end()
		if got := newDecoders().compare(t, w.stream); got.err != nil || !bytes.Equal(got.data, w.data) {
			t.Errorf("%s: got %v, want %q", name, got, w.data)
		}
	}
}
