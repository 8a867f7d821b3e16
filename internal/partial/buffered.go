package partial

// bufferedGroup reads the line of a group into p.values if the buffer holds all
// of it, as it does most often. It reports false, having read nothing, if it
// does not, or if the line is not well formed.
func (p *Reader) bufferedGroup() (n uint64, ok bool, err error) {
	text, _ := p.r.Peek(p.r.Buffered()) // what is buffered can be returned
	at := 0
	for i := range p.values {
		size, digits := leadingNumber(text[at:])
		begin := at + digits + 1 // after the colon
		if digits == 0 || uint64(len(text)) <= uint64(begin)+size || text[begin-1] != ':' {
			return 0, false, nil
		}
		at = begin + int(size)
		if text[at] != ',' {
			return 0, false, nil
		}
		p.setValue(i, text[begin:at])
		at++
	}
	n, digits := leadingNumber(text[at:])
	if at += digits; digits == 0 || at >= len(text) || text[at] != '\n' {
		return 0, false, nil
	}
	line := text[:at+1]
	if err := p.sums.add(p.values, n); err != nil {
		return 0, true, err
	}
	p.sum.Write(line)
	_, err = p.r.Discard(len(line))
	return n, true, err
}

// leadingNumber returns the number that text begins with and the number of its
// digits, which is 0 if there is none, if it has leading zeros, or if it is so
// large that it might overflow.
func leadingNumber(text []byte) (n uint64, digits int) {
	const most = 18
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		n = 10*n + uint64(text[digits]-'0')
		if digits++; digits > most {
			return 0, 0
		}
	}
	if digits > 1 && text[0] == '0' {
		return 0, 0
	}
	return n, digits
}

// recent holds values that were read lately, so that most need no memory of
// their own: the values of the last key column recur with each of the others.
type recent [512]string

// longest is the length of the longest value in recent, in bytes.
const longest = 64

// setValue sets the value of a key column.
func (p *Reader) setValue(i int, value []byte) {
	if p.values[i] == string(value) { // most often the first is that of the group before
		return
	}
	if len(value) == 0 || len(value) > longest || i == 0 {
		p.values[i] = string(value)
		return
	}
	slot := &p.recent[(len(value)+int(value[len(value)-1])+31*int(value[len(value)/2])+7*int(value[max(0, len(value)-2)]))%len(p.recent)]
	if *slot != string(value) {
		*slot = string(value)
	}
	p.values[i] = *slot
}
