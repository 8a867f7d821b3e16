package inflate

import "encoding/binary"

// block begins the next block (RFC 1951, section 3.2.3).
func (r *Reader) block() error {
	if r.final {
		r.align()
		r.phase = atEnd
		return nil
	}
	header, err := r.read(3)
	if err != nil {
		return err
	}
	r.final = header&1 != 0
	switch header >> 1 {
	case 0:
		return r.beginStored()
	case 1:
		r.tables, r.phase = fixed(), inCodes
		return nil
	case 2:
		r.tables, r.phase = &r.dynamic, inCodes
		return r.beginDynamic()
	}
	return r.corrupt(ErrBlockType)
}

// beginStored reads the header of a stored block (section 3.2.4).
func (r *Reader) beginStored() error {
	r.align()
	header, err := r.in.Peek(4)
	if err != nil && len(header) < 4 {
		return noEOF(err)
	}
	r.stored = int(binary.LittleEndian.Uint16(header))
	if binary.LittleEndian.Uint16(header[2:]) != ^uint16(r.stored) {
		return r.corrupt(ErrStoredLength)
	}
	r.in.Discard(4)
	r.phase = inStored
	return nil
}

// copyStored copies bytes of a stored block.
func (r *Reader) copyStored() error {
	if r.stored == 0 {
		r.phase = atBlock
		return nil
	}
	if !r.in.has(1) {
		return noEOF(r.in.err)
	}
	to := r.window[r.next:r.limit()]
	n := copy(to[:min(len(to), r.stored)], r.in.buf[r.in.pos:r.in.end])
	r.in.pos += n
	r.next += n
	r.stored -= n
	return nil
}

// lengthOrder is the order in which the lengths of the codewords for code
// lengths are stored.
var lengthOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// beginDynamic reads the codes of a block (section 3.2.7).
func (r *Reader) beginDynamic() error {
	header, err := r.read(14)
	if err != nil {
		return err
	}
	lit, dist := 257+header&31, 1+header>>5&31
	if lit > maxLitSymbols || dist > maxDistSymbols {
		return r.corrupt(ErrTooManySymbols)
	}
	var lengths [len(lengthOrder)]uint8
	for _, symbol := range lengthOrder[:4+header>>10] {
		n, err := r.read(3)
		if err != nil {
			return err
		}
		lengths[symbol] = uint8(n)
	}
	if err := r.dynamic.lit.init(lengths[:]); err != nil { // the code for lengths, for the moment
		return r.corrupt(err)
	}
	if err := r.readLengths(r.lengths[:lit+dist]); err != nil {
		return err
	}
	if err := r.dynamic.init(r.lengths[:lit], r.lengths[lit:lit+dist]); err != nil {
		return r.corrupt(err)
	}
	return nil
}

// readLengths reads the lengths of codewords.
func (r *Reader) readLengths(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		symbol, err := r.symbol(&r.dynamic.lit, r.dynamic.lit.min)
		if err != nil {
			return err
		}
		if symbol <= maxCodeLen {
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		if symbol == 16 && i == 0 {
			return r.corrupt(ErrRepeat)
		}
		n, err := r.repetition(symbol)
		if err != nil {
			return err
		}
		if n > len(lengths)-i {
			return r.corrupt(ErrTooManyLengths)
		}
		var length uint8
		if symbol == 16 {
			length = lengths[i-1]
		}
		for range n {
			lengths[i] = length
			i++
		}
	}
	return nil
}

// repetition reads the number of lengths that a symbol above 15 repeats.
func (r *Reader) repetition(symbol int) (int, error) {
	switch symbol {
	case 16:
		n, err := r.read(2)
		return 3 + n, err
	case 17:
		n, err := r.read(3)
		return 3 + n, err
	default:
		n, err := r.read(7)
		return 11 + n, err
	}
}
