// Package display prepares names and texts from outside the program for a
// terminal, a page or a log. It escapes the characters that a reader cannot see
// or that control a terminal, measures widths, and shortens text.
package display

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Name returns id for display: unchanged if every character is visible,
// otherwise quoted and escaped as in Go source. Ids that begin with a quote are
// quoted, so that no two ids are displayed alike.
func Name(id string) string {
	switch {
	case id == "", id[0] == '"', strings.TrimSpace(id) != id, !utf8.ValidString(id), strings.ContainsFunc(id, invisible):
		return `"` + escape(id, func(r rune) bool { return r == '"' || r == '\\' || invisible(r) }) + `"`
	}
	return id
}

// Line returns s with these escaped as in Go source: control characters, line
// breaks included, characters that are invisible or change the direction of
// writing, and bytes that are not UTF-8.
func Line(s string) string { return escape(s, invisible) }

// Valid returns s with bytes that are not UTF-8 written as \xNN.
func Valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return escape(s, func(rune) bool { return false })
}

// JSON returns a JSON text with those characters that [Line] escapes written as
// \uNNNN, which means the same in JSON. Line feeds between values stay.
func JSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || !invisible(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// invisible reports whether a character must be escaped to be visible.
func invisible(r rune) bool {
	return !strconv.IsPrint(r) || r >= 0x300 && unicode.In(r, blank, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// blank holds the printable characters without ink that the tables of package
// unicode do not list: the Braille pattern without dots.
var blank = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}}}

// escape escapes the characters for which bad returns true, and bytes that are
// not UTF-8.
func escape(s string, bad func(rune) bool) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case bad(r):
			b.WriteString(escaped(r))
		default:
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// escaped returns the escape for a character in a string literal of Go.
func escaped(r rune) string {
	quoted := strconv.QuoteToASCII(string(r))
	return quoted[1 : len(quoted)-1]
}

// Shorten returns s, or its beginning and end with "…" between them so that it
// fits into width columns. The end, in which the names of files and downloads
// differ most, gets at least as much of the width as the beginning.
func Shorten(s string, width int) string {
	if width < 1 {
		return ""
	}
	s = withoutMiddle(s, width)
	if displaywidth.String(s) <= width {
		return s
	}
	var ends, widths []int // byte and column where each grapheme cluster ends
	byteEnd, column := 0, 0
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		byteEnd, column = byteEnd+len(g.Value()), column+g.Width()
		ends, widths = append(ends, byteEnd), append(widths, column)
	}
	head, tail, limit := 0, byteEnd, (width-1)/2
	for i := 0; widths[i] <= limit; i++ {
		head = ends[i]
	}
	limit = width - 1 - displaywidth.String(s[:head])
	for i := len(ends) - 1; i > 0 && column-widths[i-1] <= limit; i-- {
		tail = ends[i-1]
	}
	return s[:head] + "…" + s[tail:]
}

// withoutMiddle returns s, or a long s without bytes in its middle, if the rest
// is still wider than width columns. It saves time: few characters have as many
// bytes for a column.
func withoutMiddle(s string, width int) string {
	n := 64 * width
	if len(s) <= 2*n {
		return s
	}
	begin, end := n, len(s)-n
	for !utf8.RuneStart(s[begin]) {
		begin--
	}
	for !utf8.RuneStart(s[end]) {
		end++
	}
	if displaywidth.String(s[:begin]) <= width {
		return s
	}
	return s[:begin] + s[end:]
}

// Width returns the number of columns of a terminal that s takes, which is
// printable. Wide East Asian characters and emoji take two columns, combining
// marks none. Characters of ambiguous width take one. Terminals that draw the
// parts of an emoji sequence separately use more columns.
func Width(s string) int { return displaywidth.String(s) }
