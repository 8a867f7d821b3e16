package sources

import (
	"context"
	"errors"
	"fmt"
	"io"

	"fastcount/engine"
)

var (
	_ engine.Ranger    = (*section)(nil)
	_ engine.Checker   = (*section)(nil)
	_ engine.Delimited = (*section)(nil)
)

// section is a part that is a range of a file. It does not embed the file,
// whose identity is not that of the range.
type section struct {
	file     *File
	name     string
	from, to int64
}

// Section returns a part that is the range [from, to) of the file, which must
// not be compressed. The part implements [engine.Ranger].
func (f *File) Section(name string, from, to int64) engine.Part { return &section{f, name, from, to} }

// Name implements engine.Part.
func (s *section) Name() string { return s.name }

// Range implements engine.Ranger.
func (s *section) Range() (from, to int64) { return s.from, s.to }

// errRange is returned for a range that is opened as a complete part.
var errRange = errors.New("a range cannot be opened as a complete part")

// Open implements [engine.Part]. It returns an error, since a range may begin
// and end inside a record and has no header. OpenRange reads it.
func (s *section) Open(context.Context) (io.ReadCloser, error) {
	return nil, fmt.Errorf("bytes %d to %d of %s: %w", s.from, s.to, s.file.path, errRange)
}

// Size implements [engine.Splitter]. It returns the size of the file.
func (s *section) Size() (size int64, ok bool) { return s.file.Size() }

// Cut implements engine.Splitter.
func (s *section) Cut(ctx context.Context, at int64) (int64, error) { return s.file.Cut(ctx, at) }

// OpenRange implements [engine.Splitter]. The range may be any range of the
// file: the header is outside of the section.
func (s *section) OpenRange(ctx context.Context, from, to int64) (engine.RangeStream, error) {
	return s.file.OpenRange(ctx, from, to)
}

// Check implements engine.Checker.
func (s *section) Check() error { return s.file.Check() }

// Delimiter implements engine.Delimited.
func (s *section) Delimiter() byte { return s.file.Delimiter() }
