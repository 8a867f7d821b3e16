package isotime

import "encoding/binary"

// Slack is the number of bytes after data that must be readable during a call
// of [Unit.CutAll]. Their values do not affect the result.
const Slack = 32

// CutAll replaces ends[i] by the end of the prefix of data[starts[i]:ends[i]]
// that ends with the unit u, for every i. It returns the number of values
// before the first that [Unit.Cut] refuses; the ends from there on are
// unspecified. data[:len(data)+Slack] must lie within the capacity of data.
func (u Unit) CutAll(data []byte, starts, ends []uint32) int {
	padded, ends := data[:len(data)+Slack], ends[:len(starts)]
	length := uint32(extended[u])
	for i, start := range starts {
		n := ends[i] - start
		if n < length || !isUsual((*[Slack]byte)(padded[start:]), n) {
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

// The following words have the bits of each byte that are compared. A digit
// that is combined with '0' by exclusive or is at most 9, and adding the byte
// of a limit to it sets the highest bit if it is greater than it may be.
const (
	zeros = 0x3030303030303030
	tops  = 0x8080808080808080

	nine = 0x76 // limits: 0x7f minus the greatest digit
	five = 0x7a
	none = 0x7f // the byte is as expected

	dateText  = '0' | '0'<<8 | '0'<<16 | '0'<<24 | '-'<<32 | '0'<<40 | '0'<<48 | '-'<<56 // 2026-01-
	dateLimit = nine | nine<<8 | nine<<16 | nine<<24 | none<<32 | nine<<40 | nine<<48 | none<<56
	timeText  = '0' | '0'<<8 | 'T'<<16 | '0'<<24 | '0'<<32 | ':'<<40 | '0'<<48 | '0'<<56 // 31T10:20
	timeLimit = nine | nine<<8 | none<<16 | nine<<24 | nine<<32 | none<<40 | five<<48 | nine<<56
	restText  = ':' | '0'<<8 | '0'<<16 // :30
	restLimit = none | five<<8 | nine<<16

	blank = ('T' ^ ' ') << 16 // difference of a space at the place of the T
)

// isUsual reports whether the first n bytes of v are a date in the extended
// format, alone or with a time with seconds, of which up to eight digits of a
// fraction and a Z or an offset with a colon may follow. It returns false for
// other dates and times, and for leap seconds and days.
func isUsual(v *[Slack]byte, n uint32) bool {
	date := binary.LittleEndian.Uint64(v[:8]) ^ dateText
	time := binary.LittleEndian.Uint64(v[8:16]) ^ timeText
	rest := uint64(binary.LittleEndian.Uint32(v[16:20]))&0xffffff ^ restText
	if n == uint32(extended[Day]) {
		time, rest = time&0xffff, 0 // all zeros are valid
	}
	if time>>16&0xff != 0 {
		time ^= blank
	}
	wrong := date | (date + dateLimit) | time | (time + timeLimit) | rest | (rest + restLimit)
	month := date>>40&0xf*10 + date>>48&0xf
	day := time&0xf*10 + time>>8&0xf
	hour := time>>24&0xf*10 + time>>32&0xf
	if wrong&tops != 0 || hour > 23 || day-1 >= uint64(days[month%100]) {
		return false
	}
	return n == uint32(extended[Day]) || n == seconds || n > seconds && isUsualEnd(v, n)
}

// seconds is the length of a date and a time with seconds.
const seconds = uint32(len("2026-01-31T10:20:30"))

// isUsualEnd reports whether v[seconds:n] is a fraction of one to eight digits,
// a zone, or both.
func isUsualEnd(v *[Slack]byte, n uint32) bool {
	if n > Slack {
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
	if v[seconds] != '.' {
		return n == seconds
	}
	digits := n - seconds - 1
	fraction := binary.LittleEndian.Uint64(v[seconds+1:seconds+9]) ^ zeros
	const limit = nine * (zeros / '0')
	wrong := (fraction | (fraction + limit)) & tops
	return digits-1 < 8 && wrong<<(64-8*digits) == 0
}
