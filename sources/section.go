package sources

import (
	"context"
	"errors"
	"fmt"
	"io"

	"fastcount/engine"
)

var _ engine.Splitter = (*section)(nil)

// section is a part that is a range of another one. It does not embed that
// part, whose identity is not that of the range.
type section struct {
	whole interface {
		identified
		engine.Splitter
	}
	name     string
	from, to int64
}

// Section returns a part that is the range [from, to) of the file, which must
// not be compressed.
func (f *File) Section(name string, from, to int64) engine.Part { return &section{f, name, from, to} }

// Section returns a part that is the range [from, to) of the data at the URL.
// Pin must have found that its server supports ranges, and that it is Plain.
func (u *URL) Section(from, to int64) engine.Part { return &section{u, u.name, from, to} }

// Name implements engine.Part.
func (s *section) Name() string { return s.name }

// Info implements [engine.Part]. The size is that of the whole.
func (s *section) Info() engine.PartInfo {
	info := s.whole.Info()
	info.Range = &engine.Range{From: s.from, To: s.to}
	return info
}

// errRange is returned for a range that is opened as a complete part.
var errRange = errors.New("a range cannot be opened as a complete part")

// Open implements [engine.Part]. It returns an error, since a range may begin
// and end inside a record and has no header. OpenRange reads it.
func (s *section) Open(context.Context) (io.ReadCloser, error) {
	return nil, fmt.Errorf("bytes %d to %d of %s: %w", s.from, s.to, s.whole.Name(), errRange)
}

// Boundary implements [engine.Splitter].
func (s *section) Boundary(ctx context.Context, at int64) (int64, error) {
	return s.whole.Boundary(ctx, at)
}

// OpenRange implements [engine.Splitter]. The range may be any range of the
// whole: the header is outside of the section.
func (s *section) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	return s.whole.OpenRange(ctx, from, to)
}
