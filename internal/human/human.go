// Package human formats numbers, sizes and durations for reading.
package human

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Count writes n with a comma between each three digits.
func Count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	text := make([]byte, 0, len(digits)+len(digits)/3)
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			text = append(text, ',')
		}
		text = append(text, digits[i])
	}
	return string(text)
}

// Bytes writes a number of bytes with three significant digits, in powers of
// 1000.
func Bytes(n uint64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	return scaled(float64(n), "kMGTPE") + "B"
}

// Rate writes a number per second likewise; it is short rather than exact.
func Rate(perSecond float64) string {
	if perSecond < 1000 {
		return fmt.Sprintf("%.0f", perSecond)
	}
	return scaled(perSecond, "kMGTPE")
}

// scaled writes x, which is at least 1000, with three significant digits and
// the largest unit of which x is at least 1.
func scaled(x float64, units string) string {
	unit := 0
	x /= 1000
	for x >= 999.5 && unit < len(units)-1 {
		x /= 1000
		unit++
	}
	switch {
	case x < 9.995:
		return fmt.Sprintf("%.2f %c", x, units[unit])
	case x < 99.95:
		return fmt.Sprintf("%.1f %c", x, units[unit])
	}
	return fmt.Sprintf("%.0f %c", x, units[unit])
}

// Duration writes d with three significant digits below a minute, and in two
// units above it: 42 ms, 1.23 s, 12.3 s, 4 min 05 s, 2 h 03 min.
func Duration(d time.Duration) string {
	s := d.Seconds()
	switch {
	case s < 0.00995:
		return fmt.Sprintf("%.1f ms", s*1000)
	case s < 0.9995:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 9.995:
		return fmt.Sprintf("%.2f s", s)
	case s < 59.95:
		return fmt.Sprintf("%.1f s", s)
	case s < 3599.5:
		whole := int(math.Round(s))
		return fmt.Sprintf("%d min %02d s", whole/60, whole%60)
	}
	whole := int(math.Round(s / 60))
	return fmt.Sprintf("%d h %02d min", whole/60, whole%60)
}

// ETA writes an estimated remaining time in whole seconds or minutes, rounded
// up.
func ETA(d time.Duration) string {
	s := int(math.Ceil(d.Seconds()))
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d:%02d min", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d h", s/3600, s/60%60)
}

// Numbered writes n, followed by one if n is 1 and by many otherwise.
func Numbered(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return Count(uint64(n)) + " " + many
}

// Rows writes a number of rows: 1 row, 1,234 rows.
func Rows(n uint64) string {
	if n == 1 {
		return "1 row"
	}
	return Count(n) + " rows"
}

// Wrap breaks text at spaces into lines of at most width bytes. A word that is
// longer than width has a line of its own.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
