package isotime

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// Window is a period of time, which includes its first and its last time. Times
// are compared as they are written: one without a zone is taken for one in UTC.
type Window struct {
	first, last moment
	invalid     bool // nothing can be compared with it

	// The minutes of first and last, as minuteWords returns them. Those between
	// them lie wholly within the window.
	firstMinute, lastMinute [2]uint64
}

// NewWindow returns the window from start to end. If [Window.Count] cannot
// compare one of them, it cannot compare any value with the window.
func NewWindow(start, end string) *Window {
	first, ok := parse([]byte(start))
	last, too := parse([]byte(end))
	if !ok || !too {
		return &Window{invalid: true}
	}
	return &Window{first: first, last: last, firstMinute: first.minute(), lastMinute: last.minute()}
}

// Counts are the results of [Window.Count].
type Counts struct {
	Before, After uint64 // values outside of the window
	Unchecked     uint64 // values that cannot be compared
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.Before += o.Before
	c.After += o.After
	c.Unchecked += o.Unchecked
}

// Count compares data[starts[i]:ends[i]] with the window, for every i, and adds
// to c the values that are not known to be in it. A value without a fraction of
// a second has the fraction 0. A value without seconds, minutes or a time is
// outside only if all times that it can mean are. A value that is not a date or
// time, that has an offset from UTC, even of zero, or that has a fraction of an
// hour or of a minute cannot be compared. data[:len(data)+Slack] must lie
// within the capacity of data.
//
// As in [Unit.CutAll], the last usual minute, if it lies within the window, and
// the last layout are remembered.
func (w *Window) Count(c *Counts, data []byte, starts, ends []uint32) {
	padded, ends := data[:len(data)+Slack], ends[:len(starts)]
	date, time, end := uint64(0), uint64(0), layout{length: math.MaxUint32}
	for i, start := range starts {
		v, n := (*[Slack]byte)(padded[start:]), ends[i]-start
		d, t := binary.LittleEndian.Uint64(v[:8]), binary.LittleEndian.Uint64(v[8:16])
		usual := n == end.length && end.matches(v)
		if !usual && n >= seconds && isUsualEnd(v, n) && !hasUsualOffset(v, n) {
			end, usual = layoutOf(v, n), true
		}
		switch {
		case usual && d == date && t == time && d != 0:
		case usual && w.holdsMinute(d, t):
			date, time = d, t
		default:
			w.countOne(c, data[start:ends[i]])
		}
	}
}

// hasUsualOffset reports whether a value of n bytes, for which isUsualEnd
// returns true, ends with an offset.
func hasUsualOffset(v *[Slack]byte, n uint32) bool { return n >= seconds+6 && v[n-3] == ':' }

// holdsMinute reports whether the minute of a date in the extended format and a
// time, which are 16 bytes, lies wholly within the window. It returns false for
// the minutes of the first and the last time, and on leap days.
func (w *Window) holdsMinute(date, time uint64) bool {
	if w.invalid || !isUsualMinute(date, time) {
		return false
	}
	minute := minuteWords(date, time)
	return compareWords(minute, w.firstMinute) > 0 && compareWords(minute, w.lastMinute) < 0
}

// minuteWords returns the 16 bytes of a date and a time, with a T between them,
// such that numbers have the order of the texts.
func minuteWords(date, time uint64) [2]uint64 {
	if time>>16&0xff == ' ' {
		time ^= blank
	}
	return [2]uint64{bits.ReverseBytes64(date), bits.ReverseBytes64(time)}
}

func compareWords(a, b [2]uint64) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
}

// countOne is Count for one value.
func (w *Window) countOne(c *Counts, value []byte) {
	m, ok := parse(value)
	switch {
	case !ok || w.invalid:
		c.Unchecked++
	case m.compare(&w.first) < 0:
		c.Before++
	case m.compare(&w.last) > 0:
		c.After++
	}
}

// moment is a date and a time in UTC.
type moment struct {
	digits   [toSeconds]byte // of the date and the time; zeros replace those that are missing
	n        int             // digits that are not missing: 8, 10, 12 or 14
	fraction []byte          // digits of a fraction of a second, without zeros at the end
}

// toSeconds is the number of digits of a date and a time with seconds.
const toSeconds = len("20260131102030")

// parse returns the moment that value is, of which it holds a part. It returns
// false if Count cannot compare the value.
func parse(value []byte) (m moment, ok bool) {
	date := Day.Cut(value)
	if date < 0 || bytes.ContainsAny(value[date:], "+-") {
		return m, false
	}
	time := bytes.TrimRight(value[date:], "ZUTC ")
	whole := time
	if i := bytes.IndexAny(time, ".,"); i >= 0 {
		whole, m.fraction = time[:i], bytes.TrimRight(time[i+1:], "0")
	}
	for _, c := range value[:date+len(whole)] {
		if isDigit(c) {
			m.digits[m.n] = c
			m.n++
		}
	}
	copy(m.digits[m.n:], "000000")
	return m, len(whole) == len(time) || m.n == toSeconds
}

// compare returns -1 if m is before o, 1 if it is after o, and otherwise 0. If
// one of them has fewer digits, the others of the longer one do not count.
func (m *moment) compare(o *moment) int {
	n := min(m.n, o.n)
	order := bytes.Compare(m.digits[:n], o.digits[:n])
	if order != 0 || n < toSeconds {
		return order
	}
	return bytes.Compare(m.fraction, o.fraction)
}

// minute returns the minute of m as minuteWords does.
func (m *moment) minute() [2]uint64 {
	d := m.digits[:]
	text := slices.Concat(d[:4], []byte{'-'}, d[4:6], []byte{'-'}, d[6:8], []byte{'T'}, d[8:10], []byte{':'}, d[10:12])
	return minuteWords(binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[8:]))
}
