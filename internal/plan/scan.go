package plan

import (
	"cmp"
	"context"
	"errors"
	"io"

	"fastcount/engine"
	"fastcount/parser"
)

// scanStep is the least distance in bytes between the boundaries that Scan
// finds.
const scanStep = 16 << 20

// Scan reads an entry that can be split once from its beginning to its end, and
// sets the boundaries of its entry to places right before records. Boundaries
// elsewhere may lie within quotes, which only merging detects.
func Scan(ctx context.Context, e *Entry, part engine.Part, cfg engine.Config) error {
	return scan(ctx, e, part, cfg, scanStep)
}

// scan is Scan with boundaries that are at least step bytes apart.
func scan(ctx context.Context, e *Entry, part engine.Part, cfg engine.Config, step int64) (err error) {
	cuts, size := e.cuts()
	if cuts == nil || cuts.Whole {
		return nil
	}
	stream, err := part.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	c := parser.Config{Dialect: cfg.Dialect, Limits: cfg.RecordLimits, BufferSize: cfg.BufferSize}
	c.Dialect.Delimiter = cmp.Or(c.Dialect.Delimiter, part.Info().Delimiter)
	r := parser.NewReader(stream, c)
	defer r.Release()
	for next := step; ; {
		_, err := r.Next()
		if err == io.EOF {
			cuts.Scanned = true
			return nil
		}
		if err != nil {
			return err
		}
		// A record belongs to the range in which the byte before it lies.
		if at := r.Offset() - 1; at >= next && r.Offset() < size {
			cuts.Boundaries = append(cuts.Boundaries, at)
			next = at + step
		}
	}
}
