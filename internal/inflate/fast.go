package inflate

const (
	litMask  = 1<<litBits - 1
	distMask = 1<<distBits - 1
)

// fast decodes symbols until the window is full, less than inputMargin bytes of
// the input are buffered, or the next symbol is not an ordinary one. In the
// last case it stops before that symbol.
func (r *Reader) fast() {
	in, out := memoryOf(r.in.buf), memoryOf(r.window)
	pos, next, start := r.in.pos, r.next, r.start
	inLimit, outLimit := r.in.end-inputMargin, r.limit()
	lit, dist := &r.tables.litTable, &r.tables.distTable
	bits, left := r.bits, r.left
	var back entry // bits of the symbol before which the loop stops, in its low 8 bits

	bits |= in.load64(pos) << (left & 63)
	pos += int(7 - left>>3&7)
	left |= 56
	e := lit[bits&litMask]
	for pos <= inLimit && next < outLimit {
		if e&isLiteral != 0 {
			out.store16(next, uint16(e>>valueShift))
			next += int(e >> lenShift & 3)
			bits >>= e & consumed
			left -= e
			e = lit[bits&litMask]
			if e&isLiteral != 0 {
				out.store16(next, uint16(e>>valueShift))
				next += int(e >> lenShift & 3)
				bits >>= e & consumed
				left -= e
				e = lit[bits&litMask]
				if e&isLiteral != 0 {
					out.store16(next, uint16(e>>valueShift))
					next += int(e >> lenShift & 3)
					bits >>= e & consumed
					left -= e
					bits |= in.load64(pos) << (left & 63)
					pos += int(7 - left>>3&7)
					left |= 56
					e = lit[bits&litMask]
					continue
				}
			}
			bits |= in.load64(pos) << (left & 63)
			pos += int(7 - left>>3&7)
			left |= 56
		}
		if e&(isStop|isSubtable) != 0 {
			if e&isStop != 0 {
				break
			}
			e = lit[e>>valueShift+entry(bits>>litBits)&(1<<(e>>lenShift&15)-1)]
			if e&isStop != 0 {
				break
			}
			if e&isLiteral != 0 {
				out.store16(next, uint16(e>>valueShift))
				next++
				bits >>= e & consumed
				left -= e
				bits |= in.load64(pos) << (left & 63)
				pos += int(7 - left>>3&7)
				left |= 56
				e = lit[bits&litMask]
				continue
			}
		}
		length := int(e>>valueShift) + int(bits&(1<<(e&consumed)-1)>>(e>>lenShift&15))
		bits >>= e & consumed
		left -= e
		back = e
		d := dist[bits&distMask]
		if d&(isStop|isSubtable) != 0 {
			if d&isStop != 0 {
				break
			}
			d = dist[d>>valueShift+entry(bits>>distBits)&(1<<(d>>lenShift&15)-1)]
			if d&isStop != 0 {
				break
			}
		}
		distance := int(d>>valueShift) + int(bits&(1<<(d&consumed)-1)>>(d>>lenShift&15))
		bits >>= d & consumed
		left -= d
		back += d
		if distance > next-start {
			break
		}
		bits |= in.load64(pos) << (left & 63)
		pos += int(7 - left>>3&7)
		left |= 56
		e = lit[bits&litMask]
		back = 0

		from, to := next-distance, next
		next += length
		if distance >= 16 {
			out.copy16(to, from)
			out.copy16(to+16, from+16)
			for to += 32; to < next; to += 16 {
				from += 16
				out.copy16(to, from+16)
			}
			continue
		}
		if distance >= 8 {
			for ; to < next; to += 8 {
				out.copy8(to, from)
				from += 8
			}
			continue
		}
		for ; to < next; to += distance {
			out.copy8(to, from)
			from += distance
		}
	}
	// The position in bits before the symbol that was decoded in part.
	r.next = next
	at := pos*8 - int(left&63) - int(back&63)
	r.in.pos = at >> 3
	r.bits, r.left = 0, 0
	if skip := at & 7; skip > 0 {
		r.bits, r.left = uint64(r.in.buf[r.in.pos])>>skip, uint32(8-skip)
		r.in.pos++
	}
}
