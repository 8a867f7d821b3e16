package jsonline

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
)

// List is the content of a file whose lines between header and trailer are all
// of one kind.
type List[H, L, T any] struct {
	Header  H
	Lines   []L
	Trailer T
}

// Write writes a list as a file of format f.
func (l *List[H, L, T]) Write(w io.Writer, f *Format) error {
	out, err := NewWriter(w, f, l.Header)
	if err != nil {
		return err
	}
	for i := range l.Lines {
		if err := out.WriteLine(&l.Lines[i]); err != nil {
			return err
		}
	}
	return out.Close(l.Trailer)
}

// ParseList returns the list that a file of format f holds. The errors name the
// first line that is not a line of the kind. They match f.ErrCorrupt or
// f.ErrVersion.
func ParseList[H, L, T any](text []byte, f *Format, kind string) (*List[H, L, T], error) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	l := new(List[H, L, T])
	if err := ParseHeader(f, lines[0], &l.Header); err != nil {
		return nil, err
	}
	last := len(lines) - 1
	if len(lines[last]) > 0 || last < 2 {
		return nil, f.Corrupt("missing trailer")
	}
	sum := sha256.New()
	sum.Write(text[:len(text)-len(lines[last-1])])
	if err := ParseTrailer(lines[last-1], sum, &l.Trailer); errors.Is(err, errNoChecksum) {
		return nil, f.Corrupt("missing trailer")
	} else if err != nil {
		return nil, f.Corrupt("%w", err)
	}
	l.Lines = make([]L, last-2)
	for i := range l.Lines {
		if err := Unmarshal(bytes.TrimSuffix(lines[i+1], []byte("\n")), &l.Lines[i]); err != nil {
			return nil, f.Corrupt("line %d: not a %s: %w", i+2, kind, err)
		}
	}
	return l, nil
}
