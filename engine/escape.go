package engine

import (
	"fmt"
	"unicode/utf8"

	"fastcount/internal/intern"
)

// escapedTable returns a table of the same names, with the same ids, in the
// form of Config.EscapeIDs. No two names become one: a backslash alone never
// begins what was escaped.
func escapedTable(names *intern.Table) *intern.Table {
	out := intern.New(nil)
	var buf []byte
	for id := range names.Len() {
		buf = AppendEscaped(buf[:0], names.Name(uint32(id)))
		_, _ = out.ID(buf) // nothing is refused
	}
	return out
}

// AppendEscaped appends name to dst in the form of Config.EscapeIDs, and
// returns the extended slice.
func AppendEscaped(dst, name []byte) []byte {
	for len(name) > 0 {
		r, size := utf8.DecodeRune(name)
		switch {
		case r == utf8.RuneError && size == 1:
			dst = fmt.Appendf(dst, `\x%02x`, name[0])
		case r == '\\':
			dst = append(dst, `\\`...)
		default:
			dst = append(dst, name[:size]...)
		}
		name = name[size:]
	}
	return dst
}
