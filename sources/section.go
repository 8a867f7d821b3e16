package sources

import (
	"context"
	"errors"
	"fmt"
	"io"

	"fastcount/engine"
)

var _ engine.Splitter = (*section)(nil)

// section is a part that is a range of a file. It does not embed the file,
// whose identity is not that of the range.
type section struct {
	file     *File
	name     string
	from, to int64
}

// Section returns a part that is the range [from, to) of the file, which must
// not be compressed.
func (f *File) Section(name string, from, to int64) engine.Part { return &section{f, name, from, to} }

// Name implements engine.Part.
func (s *section) Name() string { return s.name }

// Info implements [engine.Part]. The size is that of the file.
func (s *section) Info() engine.PartInfo {
	info := s.file.Info()
	info.Range = &engine.Range{From: s.from, To: s.to}
	return info
}

// errRange is returned for a range that is opened as a complete part.
var errRange = errors.New("a range cannot be opened as a complete part")

// Open implements [engine.Part]. It returns an error, since a range may begin
// and end inside a record and has no header. OpenRange reads it.
func (s *section) Open(context.Context) (io.ReadCloser, error) {
	return nil, fmt.Errorf("bytes %d to %d of %s: %w", s.from, s.to, s.file.path, errRange)
}

// Boundary implements [engine.Splitter].
func (s *section) Boundary(ctx context.Context, at int64) (int64, error) {
	return s.file.Boundary(ctx, at)
}

// OpenRange implements [engine.Splitter]. The range may be any range of the
// file: the header is outside of the section.
func (s *section) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	return s.file.OpenRange(ctx, from, to)
}
