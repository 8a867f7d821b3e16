package mockserver

import (
	"encoding/binary"
	"time"
)

const (
	second = 1_000_000 // microseconds
	minute = 60 * second
	hour   = 60 * minute

	timeSpace = 32 // bytes that clock.put may touch
)

// clock prints timestamps. It remembers the text of the hour that it printed last: only a new hour costs a call
// into package time. The zero value is ready.
type clock struct {
	hour int64    // start of that hour, microseconds since 1970
	text [16]byte // "2006-01-02T15:"
}

// put writes the timestamp t, microseconds since 1970, and a comma; it returns how many bytes they take. As in
// Python there are six decimals, or none where they would all be zero.
func (c *clock) put(dst *[timeSpace]byte, t int64) int {
	in := uint64(t - c.hour)
	if in >= hour {
		c.turn(t)
		in = uint64(t - c.hour)
	}
	seconds, micros := in/second, in%second
	*(*[16]byte)(dst[:]) = c.text
	putPair(dst[14:], seconds/60)
	dst[16] = ':'
	putPair(dst[17:], seconds%60)
	if micros == 0 {
		return 19 + copy(dst[19:], "Z,")
	}
	dst[19] = '.'
	putPair(dst[20:], micros/10_000)
	putPair(dst[22:], micros/100%100)
	putPair(dst[24:], micros%100)
	return 26 + copy(dst[26:], "Z,")
}

// turn makes the hour of t the remembered one.
func (c *clock) turn(t int64) {
	c.hour = t - t%hour
	time.UnixMicro(t).UTC().AppendFormat(c.text[:0], "2006-01-02T15:")
}

// putPair writes the two digits of a number below 100.
func putPair(dst []byte, n uint64) {
	binary.LittleEndian.PutUint16(dst, pairs[n])
}

// pairs are the numbers below 100 in two digits, the first in the lower byte.
var pairs = func() (text [100]uint16) {
	for n := range text {
		text[n] = uint16('0'+n/10) | uint16('0'+n%10)<<8
	}
	return text
}()
