package inflate

const (
	litMask  = 1<<litBits - 1
	distMask = 1<<distBits - 1
)

// fast decodes symbols until the window is full, less than inputMargin bytes of
// the input are buffered, or the next symbol is not an ordinary one. In the
// last case it stops before that symbol. It is one function so that its state
// stays in registers.
func (r *Reader) fast() {
	in, out := cursorAt(r.in.buf, r.in.pos), cursorAt(r.window, r.next)
	inLimit, outLimit := cursorAt(r.in.buf, r.in.end-inputMargin+1), cursorAt(r.window, r.limit())
	start := cursorAt(r.window, r.start)
	t := r.tables
	bits, used := r.bits, 63-r.left
	var back entry // in the low 6 bits: what was consumed of the symbol before which the loop stops

	bits |= in.load64() << (^used & 63)
	in = in.plus(int(used >> 3 & 7))
	used &= 7
	e := t.litTable[bits&litMask]
	for in.before(inLimit) && out.before(outLimit) {
		if e&isSpecial != 0 {
			if e == isStop {
				break
			}
			e = t.litTable[e>>valueShift+entry(bits>>litBits)&(1<<(e&consumed)-1)]
			if e == isStop {
				break
			}
		}
		saved := bits
		bits >>= e & consumed
		d := t.distTable[bits&distMask]
		used += e
		bits |= in.load64() << (^used & 63)
		in = in.plus(int(used >> 3 & 7))
		used &= 7
		out.store16(uint16(e >> valueShift))
		out = out.plus(int(e >> countShift & 3))
		if e&isLiteral != 0 {
			e = t.litTable[bits&litMask]
			if e&(isLiteral|isSpecial) == isLiteral {
				bits >>= e & consumed
				used += e
				out.store16(uint16(e >> valueShift))
				out = out.plus(int(e >> countShift & 3))
				e = t.litTable[bits&litMask]
			}
			continue
		}
		length := int(e>>secondShift) + int(saved&(1<<(e&consumed)-1)>>(e>>lenShift&63)) + minLength
		if d&isSpecial != 0 {
			if d != isStop {
				d = t.distTable[d>>valueShift+entry(bits>>distBits)&(1<<(d&consumed)-1)]
			}
			if d == isStop {
				out = out.plus(-int(e >> countShift & 3))
				back = e
				break
			}
		}
		saved = bits
		bits >>= d & consumed
		used += d
		distance := int(d>>valueShift) + int(saved&(1<<(d&consumed)-1)>>(d>>lenShift&63))
		if distance > out.minus(start) {
			out = out.plus(-int(e >> countShift & 3))
			back = e&consumed + d&consumed
			break
		}
		e = t.litTable[bits&litMask]

		from, to := out.plus(-distance), out
		out = out.plus(length)
		if distance >= 16 {
			to.copy16(from)
			to.plus(16).copy16(from.plus(16))
			for length > 32 {
				to, from = to.plus(16), from.plus(16)
				to.plus(16).copy16(from.plus(16))
				length -= 16
			}
			continue
		}
		step := min(distance, 8)
		for to.before(out) {
			to.copy8(from)
			to, from = to.plus(step), from.plus(step)
		}
	}
	// The position in bits before the symbol that was decoded in part.
	r.next += out.minus(cursorAt(r.window, r.next))
	at := (r.in.pos+in.minus(cursorAt(r.in.buf, r.in.pos)))*8 - int(63-used&63) - int(back&63)
	r.in.pos = at >> 3
	r.bits, r.left = 0, 0
	if skip := at & 7; skip > 0 {
		r.bits, r.left = uint64(r.in.buf[r.in.pos])>>skip, uint32(8-skip)
		r.in.pos++
	}
}
