package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"fastcount/engine"
	"fastcount/parser"
	"fastcount/sources"
)

// resolve returns the sources that args and --files-from name. It warns of
// those that are probably the same.
func (o *countOptions) resolve(p *program, args []string) ([]sources.Source, error) {
	args, err := o.sourceNames(p, args)
	if err != nil {
		return nil, err
	}
	found, err := sources.Resolve(args, p.stdin, sources.LocalOptions{MaxWindow: uint64(o.maxWindow)})
	if err != nil {
		return nil, err
	}
	for _, names := range sources.SimilarURLs(found) {
		p.ui.Warn(fmt.Sprintf("%s and %s are both counted: their URLs differ only in // or an empty query", names[0], names[1]))
	}
	return found, nil
}

// warnEqualFiles warns of files that have rows and equal content. Its error is
// that of ctx.
func (p *program) warnEqualFiles(ctx context.Context, parts []engine.Part, reports []engine.PartReport) error {
	var files []*sources.File
	var rows []uint64
	for i, part := range parts {
		if f, ok := part.(*sources.File); ok && reports[i].Rows > 0 {
			files = append(files, f)
			rows = append(rows, reports[i].Rows)
		}
	}
	groups, err := sources.EqualContent(ctx, files, rows)
	return p.reportEqual(ctx, groups, err)
}

// warnEqualInPlan is warnEqualFiles before anything is counted.
func (p *program) warnEqualInPlan(ctx context.Context, found []sources.Source, cfg engine.Config) error {
	var files []*sources.File
	for _, s := range found {
		if f, ok := s.Part.(*sources.File); ok {
			files = append(files, f)
		}
	}
	groups, err := sources.EqualContent(ctx, files, nil)
	var withRows [][]*sources.File
	for _, group := range groups {
		if hasRows(ctx, group[0], cfg) {
			withRows = append(withRows, group)
		}
	}
	return p.reportEqual(ctx, withRows, err)
}

// hasRows reports whether a file holds more than a header. A file that is not
// well formed may do so.
func hasRows(ctx context.Context, f *sources.File, cfg engine.Config) bool {
	stream, err := f.Open(ctx)
	if err != nil {
		return true
	}
	defer stream.Close()
	c := parser.Config{Dialect: cfg.Dialect, Limits: cfg.RecordLimits}
	c.Dialect.Delimiter = cmp.Or(c.Dialect.Delimiter, f.Delimiter())
	for r := parser.NewReader(stream, c); ; {
		block, err := r.Next()
		if err != nil {
			return !errors.Is(err, io.EOF)
		}
		if block.Rows > 0 {
			return true
		}
	}
}

// reportEqual warns of groups of equal files in one line.
func (p *program) reportEqual(ctx context.Context, groups [][]*sources.File, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		p.ui.Warn("files of equal size could not be compared: " + message(err))
	case len(groups) > 1:
		p.ui.Warn(fmt.Sprintf("%d groups of files have equal content, and each is counted, such as %s", len(groups), twoOf(groups[0])))
	case len(groups) == 1:
		p.ui.Warn(fmt.Sprintf("%s have equal content, and each is counted", twoOf(groups[0])))
	}
	return nil
}

// twoOf names two of some files.
func twoOf(files []*sources.File) string {
	text := files[0].Name() + " and " + files[1].Name()
	if more := len(files) - 2; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
