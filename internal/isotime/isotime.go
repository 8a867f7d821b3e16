// Package isotime cuts ISO 8601 dates and times to a prefix, such as the day,
// and compares them with a [Window].
//
// A value is a calendar date, extended or basic, which a time may follow after
// a T or a space:
//
//	2026-01-31
//	2026-01-31T10:20:30.123Z
//	2026-01-31 10:20:30+01:00
//	20260131T102030
//
// The time consists of the hour, minutes and seconds, of which the last ones
// may be missing, with or without colons, and a fraction of its last element. A
// zone may follow, also after a space: Z, UTC, or an offset of hours or of
// hours and minutes. The date must exist, hours are at most 23, minutes 59 and
// seconds 60. Letters are capital.
//
// The prefix is text: it is not converted to another zone or format.
package isotime

import "bytes"

// Unit is the last element of a prefix.
type Unit uint8

// Units.
const (
	Year Unit = iota + 1
	Month
	Day
	Hour
)

var names = [...]string{Year: "year", Month: "month", Day: "day", Hour: "hour"}

// Names lists the names of the units, for messages.
const Names = "year, month, day or hour"

// Parse returns the unit with this name, one of Names.
func Parse(name string) (unit Unit, ok bool) {
	for unit := Year; unit <= Hour; unit++ {
		if names[unit] == name {
			return unit, true
		}
	}
	return 0, false
}

// Lengths of the prefixes of the extended and of the basic format.
var (
	extended = [...]int{Year: 4, Month: 7, Day: 10, Hour: 13}
	basic    = [...]int{Year: 4, Month: 6, Day: 8, Hour: 11}
)

// Cut returns the length of the prefix of value that ends with the unit u, or
// -1 if value is not a date or time, or has no time although u is Hour. It is
// the reference implementation of [Unit.CutAll].
func (u Unit) Cut(value []byte) int {
	lengths, rest := &extended, value
	date, ok := cutDate(&rest)
	if !ok {
		return -1
	}
	if date == basic[Day] {
		lengths = &basic
	}
	if len(rest) == 0 && u == Hour || len(rest) > 0 && !isTime(rest) {
		return -1
	}
	return lengths[u]
}

// cutDate removes a date from the beginning of text, and returns its length.
func cutDate(text *[]byte) (length int, ok bool) {
	t := *text
	year := number(&t, 4)
	dashed := len(t) > 0 && t[0] == '-'
	separate := func() bool { return !dashed || skip(&t, '-') }
	ok = separate()
	month := number(&t, 2)
	ok = separate() && ok
	day := number(&t, 2)
	if !ok || year < 0 || !isDate(year, month, day) {
		return 0, false
	}
	length = len(*text) - len(t)
	*text = t
	return length, true
}

// isDate reports whether a date exists in the Gregorian calendar. A negative
// month or day does not exist.
func isDate(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= int(days[month]) || month == 2 && day == 29 && isLeap(year)
}

// days holds the number of days of each month, in years that are not leap
// years, and 0 for months that do not exist.
var days = [100]uint8{1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// isTime reports whether text is what may follow a date: a separator, a time
// and perhaps a zone.
func isTime(text []byte) bool {
	if !skip(&text, 'T') && !skip(&text, ' ') || !inRange(number(&text, 2), 23) {
		return false
	}
	colon := len(text) > 0 && text[0] == ':'
	for _, most := range []int{59, 60} { // minutes, seconds
		if colon && !skip(&text, ':') || !colon && !startsWithDigit(text) {
			break
		}
		if !inRange(number(&text, 2), most) {
			return false
		}
	}
	if skip(&text, '.') || skip(&text, ',') {
		if !startsWithDigit(text) {
			return false
		}
		text = bytes.TrimLeft(text, "0123456789")
	}
	return len(text) == 0 || isZone(text)
}

func isZone(text []byte) bool {
	skip(&text, ' ')
	if string(text) == "Z" || string(text) == "UTC" {
		return true
	}
	if !skip(&text, '+') && !skip(&text, '-') || !inRange(number(&text, 2), 23) {
		return false
	}
	if len(text) == 0 {
		return true
	}
	skip(&text, ':')
	return inRange(number(&text, 2), 59) && len(text) == 0
}

func inRange(n, most int) bool { return 0 <= n && n <= most }

// number removes a number of n digits from the beginning of text and returns
// it, or returns -1 if there is none.
func number(text *[]byte, n int) (value int) {
	for i := range n {
		if i >= len(*text) || !isDigit((*text)[i]) {
			return -1
		}
		value = 10*value + int((*text)[i]-'0')
	}
	*text = (*text)[n:]
	return value
}

// skip removes c from the beginning of text, and reports whether it was there.
func skip(text *[]byte, c byte) bool {
	if len(*text) == 0 || (*text)[0] != c {
		return false
	}
	*text = (*text)[1:]
	return true
}

func startsWithDigit(text []byte) bool { return len(text) > 0 && isDigit(text[0]) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
