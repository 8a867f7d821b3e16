package result

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// bufferSize is the size of the buffers of input, in bytes.
const bufferSize = 128 << 10

// scanner reads the tokens of JSON. After an error, of r or about the data, it
// returns that error for ever.
type scanner struct {
	r    io.Reader
	buf  []byte
	pos  int   // of the next byte in buf
	base int64 // bytes of the input before buf
	err  error
}

// fill reads more bytes after all of buf was consumed. It reports whether there
// are any.
func (s *scanner) fill() bool {
	if s.err != nil {
		return false
	}
	s.base += int64(len(s.buf))
	s.pos = 0
	for {
		n, err := s.r.Read(s.buf[:cap(s.buf)])
		s.buf = s.buf[:n]
		s.err = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
}

// malformed returns an error about the last byte, and keeps it.
func (s *scanner) malformed(err error) error {
	s.err = fmt.Errorf("%w: byte %d: %w", ErrMalformed, s.base+int64(s.pos), err)
	s.buf, s.pos = s.buf[:0], 0
	return s.err
}

// unexpected returns the error for a missing token, or for the end of the data.
func (s *scanner) unexpected(want string) error {
	switch {
	case s.pos < len(s.buf):
		s.pos++
		return s.malformed(fmt.Errorf("want %s", want))
	case s.err == io.EOF:
		return s.malformed(errEnd)
	}
	return s.err
}

// peek returns the next byte that is not blank, and does not consume it. It
// returns 0 at the end and after an error.
func (s *scanner) peek() byte {
	for {
		for ; s.pos < len(s.buf); s.pos++ {
			if c := s.buf[s.pos]; c > ' ' || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
				return c
			}
		}
		if !s.fill() {
			return 0
		}
	}
}

// ended reports whether only blanks are left, and the input ended without an
// error.
func (s *scanner) ended() bool { return s.peek() == 0 && s.pos == len(s.buf) && s.err == io.EOF }

// accept consumes the next byte that is not blank if it is c, and reports
// whether it is.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

// expect consumes c, after blanks.
func (s *scanner) expect(c byte) error {
	if !s.accept(c) {
		return s.unexpected(string(rune(c)))
	}
	return nil
}

// text consumes a string, after blanks, and appends it to dst.
func (s *scanner) text(dst []byte) ([]byte, error) {
	if !s.accept('"') {
		return dst, s.unexpected("a string")
	}
	begin := len(dst)
	for {
		end := s.pos
		for end < len(s.buf) && s.buf[end] >= ' ' && s.buf[end] != '"' && s.buf[end] != '\\' {
			end++
		}
		dst = append(dst, s.buf[s.pos:end]...)
		s.pos = end
		if len(dst)-begin > maxID {
			return dst, s.malformed(fmt.Errorf("string longer than %d bytes", maxID))
		}
		if end == len(s.buf) {
			if !s.fill() {
				return dst, s.unexpected("a quote")
			}
			continue
		}
		c := s.buf[end]
		s.pos++
		switch c {
		case '"':
			return dst, nil
		case '\\':
			var err error
			if dst, err = s.escaped(dst); err != nil {
				return dst, err
			}
		default:
			return dst, s.malformed(errors.New("control character in a string"))
		}
	}
}

// escapes are the values of escapes of one character.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escaped consumes the rest of an escape sequence and appends its value.
func (s *scanner) escaped(dst []byte) ([]byte, error) {
	c, err := s.byte()
	if err != nil {
		return dst, err
	}
	if c != 'u' {
		if escapes[c] == 0 {
			return dst, s.malformed(errors.New("invalid escape"))
		}
		return append(dst, escapes[c]), nil
	}
	r, err := s.hex()
	if err == nil && utf16.IsSurrogate(r) {
		var low rune
		low, err = s.low()
		if r = utf16.DecodeRune(r, low); err == nil && r == utf8.RuneError {
			err = s.malformed(errors.New("lone surrogate"))
		}
	}
	return utf8.AppendRune(dst, r), err
}

// low consumes the escape of the second half of a surrogate pair.
func (s *scanner) low() (rune, error) {
	for _, want := range `\u` {
		if c, err := s.byte(); err != nil {
			return 0, err
		} else if c != byte(want) {
			return 0, s.malformed(errors.New("lone surrogate"))
		}
	}
	return s.hex()
}

// hex consumes four hexadecimal digits.
func (s *scanner) hex() (r rune, err error) {
	for range 4 {
		c, err := s.byte()
		if err != nil {
			return 0, err
		}
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, s.malformed(errors.New("invalid escape"))
		}
		r = r<<4 | rune(c)
	}
	return r, nil
}

// byte consumes the next byte, which may be blank.
func (s *scanner) byte() (byte, error) {
	if s.pos == len(s.buf) && !s.fill() {
		return 0, s.unexpected("a byte")
	}
	s.pos++
	return s.buf[s.pos-1], nil
}

// digits consumes a number that is not negative and has no fraction, after
// blanks, and appends it to dst. Something must follow it.
func (s *scanner) digits(dst []byte) ([]byte, error) {
	s.peek()
	const longest = 20 // digits of 2^64; a longer number is too large
	for len(dst) <= longest && (s.pos < len(s.buf) || s.fill()) {
		c := s.buf[s.pos]
		if c < '0' || c > '9' {
			return dst, nil
		}
		s.pos++
		dst = append(dst, c)
	}
	if len(dst) > longest {
		return dst, nil
	}
	return dst, s.unexpected("a digit")
}

// count consumes a count.
func (s *scanner) count() (uint64, error) {
	var buf [24]byte
	digits, err := s.digits(buf[:0])
	if err != nil {
		return 0, err
	}
	n, ok := parseCount(digits)
	if !ok {
		return 0, s.malformed(errCount)
	}
	return n, nil
}
