package isotime

import "encoding/binary"

// IsUsual reports whether CutAll does not use Cut for a value.
func IsUsual(value string) bool {
	var v [Slack]byte
	n := uint32(copy(v[:], value))
	d, t := binary.LittleEndian.Uint64(v[:8]), binary.LittleEndian.Uint64(v[8:16])
	return n >= seconds && isUsualMinute(d, t) && isUsualEnd(&v, n) || n == 10 && isUsualDate(d, t&0xffff)
}
