package isotime

import (
	"encoding/binary"
	"math"
)

// Slack is the number of bytes after data that must be readable during a call
// of [Unit.CutAll]. Their values do not affect the result.
const Slack = 32

// CutAll replaces ends[i] by the end of the prefix of data[starts[i]:ends[i]]
// that ends with the unit u, for every i. It returns the number of values
// before the first that [Unit.Cut] refuses; the ends from there on are
// unspecified. data[:len(data)+Slack] must lie within the capacity of data.
//
// The date and the minute of the last usual value are remembered, and so is the
// layout of what follows them, because in most inputs many rows in a row have
// the same.
func (u Unit) CutAll(data []byte, starts, ends []uint32) int {
	padded, ends := data[:len(data)+Slack], ends[:len(starts)]
	length := uint32(extended[u])
	date, time, end := uint64(0), uint64(0), layout{length: math.MaxUint32}
	for i, start := range starts {
		begin := int(start) // so that the compiler checks bounds once
		v, n := (*[Slack]byte)(padded[begin:begin+Slack:begin+Slack]), ends[i]-start
		d, t := binary.LittleEndian.Uint64(v[:8]), binary.LittleEndian.Uint64(v[8:16])
		usual := n == end.length && end.matches(v)
		if !usual && n >= seconds && isUsualEnd(v, n) {
			end, usual = layoutOf(v, n), true
		}
		switch {
		case usual && (d == date && t == time && d != 0 || isUsualMinute(d, t)):
			date, time = d, t
		case n == uint32(extended[Day]) && u != Hour && isUsualDate(d, t&0xffff):
		default:
			cut := u.Cut(data[start:ends[i]])
			if cut < 0 {
				return i
			}
			ends[i] = start + uint32(cut)
			continue
		}
		ends[i] = start + length
	}
	return len(starts)
}

// layout describes the bytes after the minute of usual values of one length:
// seconds and the digits of a fraction, which may be others, and a zone, which
// is the same. Its words are as described below.
type layout struct {
	length            uint32 // of the values
	mask, text, limit [2]uint64
}

// layoutOf returns the layout of v[16:n], which is usual.
func layoutOf(v *[Slack]byte, n uint32) (l layout) {
	l.length = n
	fraction := v[seconds] == '.'
	for i := uint32(16); i < n; i++ {
		text, limit := v[i], uint64(exact)
		fraction = fraction && (i <= seconds || isDigit(v[i]))
		switch {
		case i == 17:
			text, limit = '0', five
		case i == 18 || i > seconds && fraction:
			text, limit = '0', nine
		}
		word, shift := i/8-2, i%8*8
		l.mask[word] |= 0xff << shift
		l.text[word] |= uint64(text) << shift
		l.limit[word] |= limit << shift
	}
	return l
}

// matches reports whether the bytes of v after the minute have the layout l.
func (l *layout) matches(v *[Slack]byte) bool {
	first := binary.LittleEndian.Uint64(v[16:24])&l.mask[0] ^ l.text[0]
	second := binary.LittleEndian.Uint64(v[24:32])&l.mask[1] ^ l.text[1]
	return (first|(first+l.limit[0])|second|(second+l.limit[1]))&tops == 0
}

// The following words have the bits of each byte that are compared. A digit
// that is combined with '0' by exclusive or is at most 9, and adding the byte
// of a limit to it sets the highest bit if it is greater than it may be.
const (
	zeros = 0x3030303030303030
	tops  = 0x8080808080808080

	nine  = 0x76 // limits: 0x7f minus the greatest digit
	five  = 0x7a
	exact = 0x7f // the byte is the expected one

	dateText  = '0' | '0'<<8 | '0'<<16 | '0'<<24 | '-'<<32 | '0'<<40 | '0'<<48 | '-'<<56 // 2026-01-
	dateLimit = nine | nine<<8 | nine<<16 | nine<<24 | exact<<32 | nine<<40 | nine<<48 | exact<<56
	timeText  = '0' | '0'<<8 | 'T'<<16 | '0'<<24 | '0'<<32 | ':'<<40 | '0'<<48 | '0'<<56 // 31T10:20
	timeLimit = nine | nine<<8 | exact<<16 | nine<<24 | nine<<32 | exact<<40 | five<<48 | nine<<56
	restText  = ':' | '0'<<8 | '0'<<16 // :30
	restLimit = exact | five<<8 | nine<<16

	blank = ('T' ^ ' ') << 16 // difference of a space at the place of the T
)

// isUsualMinute reports whether date and time are 16 bytes of a date in the
// extended format and a time to the minute. It returns false for leap days.
func isUsualMinute(date, time uint64) bool {
	if time>>16&0xff == ' ' {
		time ^= blank
	}
	t := time ^ timeText
	hour := t>>24&0xf*10 + t>>32&0xf
	return (t|(t+timeLimit))&tops == 0 && hour < 24 && isUsualDate(date, time&0xffff)
}

// isUsualDate is isUsualMinute for a date of 8 and 2 bytes.
func isUsualDate(date, lastTwo uint64) bool {
	d, t := date^dateText, lastTwo^timeText&0xffff
	month := d>>40&0xf*10 + d>>48&0xf
	day := t&0xf*10 + t>>8&0xf
	return (d|(d+dateLimit)|t|(t+timeLimit&0xffff))&tops == 0 && day-1 < uint64(days[month%100])
}

// seconds is the length of a date and a time with seconds.
const seconds = uint32(len("2026-01-31T10:20:30"))

// isUsualEnd reports whether v[16:n], which has at least the length of seconds,
// is a colon and seconds, and perhaps a fraction of one to eight digits, a Z or
// an offset with a colon, or both. It returns false for leap seconds.
func isUsualEnd(v *[Slack]byte, n uint32) bool {
	rest := uint64(binary.LittleEndian.Uint32(v[16:20]))&0xffffff ^ restText
	if (rest|(rest+restLimit))&tops != 0 || n > Slack {
		return false
	}
	if v[n-1] == 'Z' {
		n--
	} else if n >= seconds+6 && v[n-3] == ':' {
		if !isZone(v[n-6 : n]) {
			return false
		}
		n -= 6
	}
	if n == seconds {
		return true
	}
	digits := n - seconds - 1
	fraction := binary.LittleEndian.Uint64(v[seconds+1:seconds+9]) ^ zeros
	const limit = nine * (zeros / '0')
	wrong := (fraction | (fraction + limit)) & tops
	return v[seconds] == '.' && digits-1 < 8 && wrong<<(64-8*digits) == 0
}
