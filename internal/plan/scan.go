package plan

import (
	"cmp"
	"context"
	"errors"
	"io"

	"fastcount/engine"
	"fastcount/parser"
	"fastcount/sources"
)

// scanStep is how many bytes apart the cuts are that Scan finds.
const scanStep = 16 << 20

// Scan reads a file that can be cut once, from its beginning to its end, and puts into its unit places that lie right
// before records. Quotes can hide nothing then.
func Scan(ctx context.Context, u *Unit, f *sources.File, cfg engine.Config) error {
	return scan(ctx, u, f, cfg, scanStep)
}

// scan is Scan with cuts that are at least step bytes apart.
func scan(ctx context.Context, u *Unit, f *sources.File, cfg engine.Config, step int64) (err error) {
	if u.File.Whole {
		return nil
	}
	stream, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	c := parser.Config{Dialect: cfg.Dialect, Limits: cfg.RecordLimits, BufferSize: cfg.BufferSize}
	c.Dialect.Delimiter = cmp.Or(c.Dialect.Delimiter, f.Delimiter())
	r := parser.NewReader(stream, c)
	defer r.Release()
	for next := step; ; {
		_, err := r.Next()
		if err == io.EOF {
			u.File.Scanned = true
			return f.Check()
		}
		if err != nil {
			return err
		}
		// A record belongs to the range in which the byte before it lies.
		if at := r.Offset() - 1; at >= next && r.Offset() < u.File.Size {
			u.File.Cuts = append(u.File.Cuts, at)
			next = at + step
		}
	}
}
