package docs

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// cell is one character of a terminal with its style.
type cell struct {
	char  rune
	style string // classes of the picture: bold, faint, bar, warning
}

// screen is the part of a terminal that this program requires: text, line ends,
// colours, moving up, and clearing to the end. It has no last line.
type screen struct {
	width    int
	lines    [][]cell
	row, col int
	style    string
	rest     []byte // an incomplete character or escape sequence
}

// Write processes the output of a program.
func (s *screen) Write(p []byte) (int, error) {
	data := append(s.rest, p...)
	for len(data) > 0 {
		n := s.next(data)
		if n == 0 {
			break
		}
		data = data[n:]
	}
	s.rest = append([]byte(nil), data...)
	return len(p), nil
}

// next processes one character or escape sequence and returns its length, or 0
// if it is incomplete.
func (s *screen) next(data []byte) int {
	if strings.HasPrefix(string(data), "\x1b[") {
		end := strings.IndexFunc(string(data[2:]), func(r rune) bool { return r >= '@' })
		if end < 0 {
			return 0
		}
		s.escape(string(data[2:2+end]), data[2+end])
		return end + 3
	}
	if !utf8.FullRune(data) || string(data) == "\x1b" {
		return 0
	}
	r, n := utf8.DecodeRune(data)
	s.put(r)
	return n
}

func (s *screen) escape(number string, command byte) {
	switch command {
	case 'A':
		n, _ := strconv.Atoi(number)
		s.row = max(0, s.row-max(1, n))
	case 'J':
		s.line()
		s.lines = s.lines[:s.row+1]
		s.lines[s.row] = s.lines[s.row][:min(s.col, len(s.lines[s.row]))]
	case 'm':
		s.style = map[string]string{"1": "bold", "2": "faint", "36": "bar", "1;31": "warning"}[number]
	}
}

func (s *screen) put(r rune) {
	switch r {
	case '\r':
		s.col = 0
		return
	case '\n':
		s.row++
		return
	}
	if s.col == s.width {
		s.row, s.col = s.row+1, 0
	}
	line := s.line()
	for len(*line) <= s.col {
		*line = append(*line, cell{char: ' '})
	}
	(*line)[s.col] = cell{r, s.style}
	s.col++
}

// line returns the line of the cursor. It adds lines as needed.
func (s *screen) line() *[]cell {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	return &s.lines[s.row]
}

// text returns the lines without their styles.
func (s *screen) text() []string {
	var lines []string
	for _, line := range s.lines {
		var b strings.Builder
		for _, c := range line {
			b.WriteRune(c.char)
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

func (s *screen) copy() *screen {
	c := &screen{width: s.width}
	for _, line := range s.lines {
		c.lines = append(c.lines, append([]cell(nil), line...))
	}
	return c
}

func TestScreen(t *testing.T) {
	for _, c := range []struct{ sent, want string }{
		{"one\r\ntwo", "one\ntwo"},
		{"abcdefgh", "abcdef\ngh"},
		{"a\r\nb\r\n\x1b[A\x1b[A\r\x1b[Jc", "c"},
		{"\x1b[1;31mred\x1b[0m", "red"},
		{"█\rx", "x"},
	} {
		s := &screen{width: 6}
		for i := range len(c.sent) {
			_, _ = s.Write([]byte{c.sent[i]})
		}
		if got := strings.Join(s.text(), "\n"); got != c.want {
			t.Errorf("%q: %q, want %q", c.sent, got, c.want)
		}
	}
}
