package corpus

import (
	"bytes"
	"cmp"
	"errors"
	"io"

	"fastcount/parser"
)

// Pieces is a reader that returns Data in pieces of the given sizes. After the
// last size it starts again with the first one. A size of 0 is a Read that
// returns neither bytes nor an error.
type Pieces struct {
	Data  []byte
	Sizes []int
	next  int
}

func (p *Pieces) Read(b []byte) (int, error) {
	if len(p.Data) == 0 {
		return 0, io.EOF
	}
	size := len(p.Data)
	if len(p.Sizes) > 0 {
		size = p.Sizes[p.next%len(p.Sizes)]
		p.next++
	}
	n := copy(b[:min(size, len(b))], p.Data)
	p.Data = p.Data[n:]
	return n, nil
}

// EarlyEOF is a reader that returns io.EOF together with the last bytes.
type EarlyEOF struct{ Data []byte }

func (e *EarlyEOF) Read(b []byte) (int, error) {
	n := copy(b, e.Data)
	e.Data = e.Data[n:]
	if len(e.Data) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// ErrBroken is the error of readers that [Broken] returns.
var ErrBroken = errors.New("broken for a test")

// Broken returns a reader that returns data and then fails with [ErrBroken].
func Broken(data []byte) io.Reader {
	return io.MultiReader(&Pieces{Data: data}, failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, ErrBroken }

// Windows is a source whose bytes are parsed in place: it implements
// parser.Windower. The number of new bytes of each window is the next of Sizes.
// If that is 0, the window is nil, and then Read returns bytes. After the last
// size it starts again with the first one.
//
// The bytes of a window are overwritten when it becomes invalid.
type Windows struct {
	Data  []byte
	Sizes []int
	Keep  int   // if not 0, windows with more unread bytes than this are nil
	Err   error // if not nil, what Read returns at the end instead of io.EOF

	Modified bool // a window was modified while it was valid
	Count    int  // number of windows that are not nil

	at     int // number of bytes returned
	next   int // index of the next size
	window []byte
	from   int // offset of window in Data
}

// Window implements parser.Windower.
func (w *Windows) Window(unread int) []byte {
	w.overwrite()
	size := w.Sizes[w.next%len(w.Sizes)]
	w.next++
	n := min(size, len(w.Data)-w.at)
	if n == 0 || w.Keep > 0 && unread > w.Keep {
		return nil
	}
	w.from = w.at - unread
	w.at += n
	w.Count++
	w.window = make([]byte, w.at-w.from, w.at-w.from+parser.Slack)
	copy(w.window, w.Data[w.from:w.at])
	return w.window
}

// overwrite ends the validity of the current window.
func (w *Windows) overwrite() {
	if !bytes.Equal(w.window, w.Data[w.from:w.from+len(w.window)]) {
		w.Modified = true
	}
	for i := range w.window {
		w.window[i] = '"'
	}
	w.window = nil
}

func (w *Windows) Read(p []byte) (int, error) {
	w.overwrite()
	n := copy(p, w.Data[w.at:])
	w.at += n
	if n == 0 {
		return 0, cmp.Or(w.Err, io.EOF)
	}
	return n, nil
}
