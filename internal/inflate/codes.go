package inflate

// codes decodes symbols of a block until it ends or the window is full. The
// fast loop stops before every symbol that is not an ordinary one, and near the
// end of the input. Such symbols are decoded one by one.
func (r *Reader) codes() error {
	for r.phase == inCodes && r.next < r.limit() {
		if !r.slow && r.in.has(inputMargin) {
			r.fast()
			if r.next >= r.limit() || r.in.end-r.in.pos < inputMargin {
				continue
			}
		}
		if err := r.step(); err != nil {
			return err
		}
	}
	return nil
}

// step decodes one symbol, and the match that it begins. It is the reference
// implementation of [Reader.fast], and finds the reason why a stream is
// corrupt.
func (r *Reader) step() error {
	symbol, err := r.symbol(&r.tables.lit, r.tables.minBits)
	switch {
	case err != nil:
		return err
	case symbol < endOfBlock:
		r.window[r.next] = byte(symbol)
		r.next++
		return nil
	case symbol == endOfBlock:
		r.phase = atBlock
		return nil
	case symbol >= maxLitSymbols:
		return r.corrupt(ErrReservedSymbol)
	}
	return r.match(symbol - endOfBlock - 1)
}

// match decodes the rest of a match and copies it.
func (r *Reader) match(symbol int) error {
	extra, err := r.read(int(lengthExtra[symbol]))
	if err != nil {
		return err
	}
	length := int(lengthBases[symbol]) + extra
	symbol, err = r.symbol(&r.tables.dist, r.tables.dist.min)
	if err != nil {
		return err
	}
	if symbol >= maxDistSymbols {
		return r.corrupt(ErrReservedSymbol)
	}
	if extra, err = r.read(int(distExtra[symbol])); err != nil {
		return err
	}
	distance := int(distBases[symbol]) + extra
	if distance > r.next-r.start {
		return r.corrupt(ErrDistance)
	}
	for range length {
		r.window[r.next] = r.window[r.next-distance]
		r.next++
	}
	return nil
}

// symbol decodes one symbol of the code h, for which at least atLeast bits must
// be available. It reads the codeword bit by bit.
func (r *Reader) symbol(h *huffman, atLeast int) (int, error) {
	if err := r.need(atLeast); err != nil {
		return 0, err
	}
	code, first := 0, 0 // as numbers of n bits: the next bits, and the first codeword
	for n := 1; n <= h.max; n++ {
		if err := r.need(n); err != nil {
			return 0, err
		}
		code = code<<1 | int(r.bits>>(n-1)&1)
		first <<= 1
		if i := code - first; i < int(h.counts[n]) {
			r.take(n)
			return int(h.symbols[int(h.first[n])+i]), nil
		}
		first += int(h.counts[n])
	}
	return 0, r.corrupt(ErrInvalidCode)
}
