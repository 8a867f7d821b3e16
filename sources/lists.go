package sources

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// A response of the export API may hold lists of a million names. It is parsed
// in bounded memory: lists are cut out of the text while it is read, and passed
// on in pieces. The rest is short.
//
//	response  {"data":{"id":"d1","patients":["P1","P2",…,"P9"],"rows":9}}
//	pieces                                  ["P1","P2",…]["P9"]
//	rest      {"data":{"id":"d1","patients":[],"rows":9}}
//
// This file finds only the beginnings and ends of strings, lists and objects.
// Malformed JSON is rejected by the parser: a response is well formed if the
// rest and every piece are.

const (
	listDepth = 3        // of the elements of a list that is cut, which is a member of a member object
	pieceSize = 32 << 10 // in bytes, after which a piece ends with its present element

	uncutShare = 64 // the rest and one element may each take 1/uncutShare of the limit of a text
)

// errUncut is returned if too much of a text cannot be cut.
var errUncut = errors.New("too much of it is outside of lists")

// errMissingElement is returned for a comma without an element before or after
// it.
var errMissingElement = fmt.Errorf("%w: missing element in a list", ErrMetadata)

// A listCutter cuts the lists out of one text.
type listCutter struct {
	// take is called with each piece, which is a list, and with the keys of its
	// path as they appear in the text, with quotes. Both are valid during the
	// call.
	take func(keys [2][]byte, piece []byte) error

	pieceSize int
	uncut     int // limit of the lengths of rest and piece
	rest      []byte
	piece     []byte // empty outside a list that is cut
	later     bool   // the piece is not the first of its list

	depth   int               // open lists and objects
	object  [listDepth]bool   // by depth: it is an object
	keys    [listDepth][2]int // by depth: where in rest the key is
	literal [2]int            // where in rest the last string is
	quoted  bool              // inside a string
	escaped bool              // after a backslash in a string
}

// cutLists reads a text of at most limit bytes and returns its rest. An error
// of r takes precedence over one of take, which may result from it: after an
// error of take, cutLists reads on for at most patience. It returns errTooLong
// for more than limit bytes, and errUncut for more than uncutLimit bytes
// outside of lists.
func cutLists(r io.Reader, limit int, patience time.Duration, take func(keys [2][]byte, piece []byte) error) (rest []byte, err error) {
	c := &listCutter{take: take, pieceSize: pieceSize, uncut: uncutLimit(limit)}
	buf := make([]byte, pieceSize)
	var bad error
	var since time.Time
	for length := 0; ; {
		n, err := r.Read(buf)
		if bad == nil {
			bad = c.add(buf[:n], length)
			since = time.Now()
		}
		length += n
		switch {
		case length > limit && bad == nil:
			return nil, errTooLong
		case err == io.EOF, length > limit:
			return c.rest, bad
		case err != nil:
			return nil, err
		case bad != nil && time.Since(since) > patience:
			return nil, bad
		}
	}
}

// uncutLimit returns the maximum length in bytes of the rest, and of a piece,
// of a text with this limit.
func uncutLimit(limit int) int { return limit/uncutShare + pieceSize }

// add processes text, which begins at offset in the whole text.
func (c *listCutter) add(text []byte, offset int) error {
	for i, b := range text {
		err := c.addByte(b)
		if errors.Is(err, errJSON) || errors.Is(err, errMissingElement) {
			return fmt.Errorf("%w (before byte %d)", err, offset+i+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *listCutter) addByte(b byte) error {
	if c.quoted {
		return c.addQuoted(b)
	}
	switch b {
	case '"':
		c.quoted = true
		c.literal[0] = len(c.rest)
	case ' ', '\t', '\r', '\n':
		return c.addSpace()
	case ':':
		if c.depth < listDepth {
			c.keys[max(c.depth, 0)] = c.literal
		}
	case ',':
		if c.depth == listDepth && len(c.piece) > c.pieceSize {
			return c.endPiece(true)
		}
	case '[', '{':
		return c.open(b)
	case ']', '}':
		return c.close(b)
	}
	return c.keep(b)
}

func (c *listCutter) addQuoted(b byte) error {
	switch {
	case c.escaped:
		c.escaped = false
	case b == '\\':
		c.escaped = true
	case b == '"':
		c.quoted = false
		c.literal[1] = len(c.rest) + 1
	}
	return c.keep(b)
}

// addSpace replaces consecutive white space by one space.
func (c *listCutter) addSpace() error {
	out := c.rest
	if len(c.piece) > 0 {
		out = c.piece
	}
	if len(out) > 0 && out[len(out)-1] == ' ' {
		return nil
	}
	return c.keep(' ')
}

func (c *listCutter) open(b byte) error {
	c.depth++
	if c.depth < listDepth {
		c.object[max(c.depth, 0)] = b == '{'
	}
	err := c.keep(b)
	if b == '[' && c.depth == listDepth && c.object[1] && c.object[2] {
		c.piece, c.later = append(c.piece, '['), false
	}
	return err
}

func (c *listCutter) close(b byte) error {
	if c.depth == listDepth && len(c.piece) > 0 {
		if err := c.endPiece(false); err != nil {
			return err
		}
		c.piece = c.piece[:0]
	}
	c.depth--
	return c.keep(b)
}

// keep appends a byte to the piece, or outside of a list to the rest.
func (c *listCutter) keep(b byte) error {
	out := &c.rest
	if len(c.piece) > 0 {
		out = &c.piece
	}
	if *out = append(*out, b); len(*out) > c.uncut {
		return errUncut
	}
	return nil
}

// endPiece passes on a piece and begins the next one.
func (c *listCutter) endPiece(more bool) error {
	if empty := len(c.piece) == 1 || len(c.piece) == 2 && c.piece[1] == ' '; empty && (c.later || more) {
		return errMissingElement
	}
	keys := [2][]byte{c.key(1), c.key(2)}
	err := c.take(keys, append(c.piece, ']'))
	c.piece, c.later = c.piece[:1], more
	return err
}

func (c *listCutter) key(depth int) []byte {
	at := c.keys[depth]
	return c.rest[at[0]:at[1]]
}
