package corpus

import (
	"errors"
	"io"
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
