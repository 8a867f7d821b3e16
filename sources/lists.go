package sources

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// An answer of the export API may hold lists of a million names. It is read in memory that does not depend on how long it
// is: the lists are cut out of the text as it comes and handed on in pieces; what is left over is short.
//
//	the answer                   {"data":{"id":"d1","patients":["P1","P2",…,"P8","P9",…],"rows":9}}
//	pieces of the list patients                                ["P1","P2",…]["P8","P9",…]
//	the rest                     {"data":{"id":"d1","patients":[],"rows":9}}
//
// All that is known of JSON here is where strings, lists and objects begin and end. It is for a parser to refuse what is
// malformed: an answer is well formed if the rest and every piece are.

const (
	listDepth = 3        // of the elements of a list that is cut: it is a member of a member, both of objects
	pieceSize = 32 << 10 // bytes at which a piece ends with the element at hand

	uncutShare = 64 // of the limit of a text, the part that its rest may be, and one element
)

// errUncut says that too much of a text cannot be cut.
var errUncut = errors.New("too much of it is no list")

// errMissingElement says that nothing stands before or behind a comma.
var errMissingElement = fmt.Errorf("%w: an element is missing in a list", ErrMetadata)

// listCutter cuts the lists out of one text.
type listCutter struct {
	// take gets each piece, a list, together with the keys that lead to it, as they are spelled, quotes included. They
	// are valid during the call.
	take func(keys [2][]byte, piece []byte) error

	pieceSize int
	uncut     int // limit of the lengths of rest and piece
	rest      []byte
	piece     []byte // empty outside a list that is cut
	later     bool   // the piece is not the first of its list

	depth   int               // lists and objects that are open
	object  [listDepth]bool   // by depth: it is an object
	keys    [listDepth][2]int // by depth: where in rest the key is
	literal [2]int            // where in rest the last string is
	quoted  bool              // inside a string
	escaped bool              // behind a backslash there
}

// cutLists reads a text of at most limit bytes and returns its rest. A failure of r outranks one of take, which may come of
// it: for as long as patience it is read on after that. More than limit bytes are errTooLong, more than uncutLimit of them
// that are not in a list errUncut.
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

// uncutLimit returns how long the rest of a text with this limit may be, and a piece, in bytes.
func uncutLimit(limit int) int { return limit/uncutShare + pieceSize }

// add takes text, whose first byte is the byte at offset of the whole text.
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

// addSpace keeps one space of many.
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

// keep puts a byte where it belongs.
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

// endPiece hands a piece on and begins the next one.
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
