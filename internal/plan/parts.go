package plan

import (
	"context"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"fastcount/engine"
	"fastcount/parser"
	"fastcount/sources"
)

// ErrChanged says that a unit is no longer what the plan says.
var ErrChanged = errors.New("it is not what the plan was made of")

// ErrUnplannable is matched by the error for a file that no plan can list.
var ErrUnplannable = errors.New("cannot be written into a plan")

// Clients gives the client of a server, whose URL is in the plan.
type Clients func(server string) (*sources.Client, error)

// Parts opens what a shard counts. Each unit must be what the plan says.
func (p *Plan) Parts(ctx context.Context, pieces []Piece, o sources.LocalOptions, clients Clients) ([]engine.Part, error) {
	parts := make([]engine.Part, len(pieces))
	for i, piece := range pieces {
		var err error
		if piece.File != nil {
			parts[i], err = p.file(ctx, piece, o)
		} else {
			parts[i], err = download(ctx, piece.Download, clients)
		}
		if err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// Path returns where a file of the plan is.
func (p *Plan) Path(f *File) string { return inDirectory(p.dir, f.Path) }

// file opens a file, or a range of it. Afterwards the run holds the file to
// what it was here, so that the digest need not be compared again.
func (p *Plan) file(ctx context.Context, piece Piece, o sources.LocalOptions) (engine.Part, error) {
	path := p.Path(piece.File)
	f, err := sources.NewFile(path, o)
	if err != nil {
		return nil, err
	}
	if err := piece.File.compare(ctx, f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if piece.File.Whole {
		return f.Named(piece.File.Path), nil
	}
	return f.Share(piece.File.Path, piece.From, piece.To), nil
}

// compare returns an error that matches ErrChanged unless a file, which may be
// a copy on another node, is what the plan was made of.
func (f *File) compare(ctx context.Context, now *sources.File) error {
	size, _ := now.Size()
	switch {
	case size != f.Size:
		return fmt.Errorf("%w: it had %d bytes and has %d", ErrChanged, f.Size, size)
	case !now.Modified().Equal(f.Modified):
		return fmt.Errorf("%w: it was modified %v and now %v", ErrChanged, f.Modified, now.Modified().UTC())
	case now.Compressed() != f.Whole:
		return fmt.Errorf("%w: compression", ErrChanged)
	}
	digest, err := now.Digest(ctx)
	if err == nil && digest != f.Digest {
		err = fmt.Errorf("%w: its first or last 64 KiB are different, at the same size and modification time", ErrChanged)
	}
	return err
}

func download(ctx context.Context, d *Download, clients Clients) (engine.Part, error) {
	client, err := clients(d.Server)
	if err != nil {
		return nil, err
	}
	part, err := client.Download(ctx, d.Export, d.ID)
	if err != nil {
		return nil, err
	}
	if now := part.Declared(); now.Rows != d.Rows || part.Identity().Digest != d.Digest {
		return nil, fmt.Errorf("%s: %w: the server declares something else, now %s", part.Name(), ErrChanged, part.Identity().Version)
	}
	return part, nil
}

// Config sets the rules in the configuration of a run whose report becomes a
// partial result.
func (r Rules) Config(cfg *engine.Config) {
	cfg.Patient, cfg.Event = parser.Selector(r.Patient), parser.Selector(r.Event)
	cfg.EscapeIDs, cfg.RawIDs = r.EscapeIDs, true
	cfg.Dialect = parser.Dialect{NoHeader: r.NoHeader}
	if r.Delimiter != "" {
		cfg.Dialect.Delimiter = r.Delimiter[0]
	}
}

// What a byte that is compressed becomes, about: weights are to be in proportion to time.
const (
	rowWeight        = 44
	compressedWeight = 8
)

// FileUnit returns the plan entry of a regular file. It reads the first and the
// last bytes of the file, for the digest.
func FileUnit(ctx context.Context, f *sources.File) (Unit, error) {
	size, regular := f.Size()
	if !utf8.ValidString(f.Name()) {
		return Unit{}, fmt.Errorf("%q: %w: the name is not UTF-8", f.Name(), ErrUnplannable)
	}
	if !regular {
		return Unit{}, fmt.Errorf("%s: %w: it is not a regular file, and a shard could not find it again", f.Name(), ErrUnplannable)
	}
	digest, err := f.Digest(ctx)
	if err != nil {
		return Unit{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	file := &File{Path: f.Name(), Size: size, Modified: f.Modified().UTC(), Digest: digest, Whole: f.Compressed()}
	u := Unit{File: file, Weight: max(1, size)}
	if u.File.Whole {
		u.Weight = times(u.Weight, compressedWeight)
	}
	return u, nil
}

// times returns a weight for each of n things, at most the largest one.
func times(n, weight int64) int64 { return min(n, math.MaxInt64/weight) * weight }

// DownloadUnit returns the unit of a download of the export of a server.
func DownloadUnit(server, export string, d *sources.Download) Unit {
	rows := d.Declared().Rows
	return Unit{Download: &Download{Server: server, Export: export, ID: d.ID(), Rows: rows, Digest: d.Identity().Digest},
		Weight: max(1, times(int64(min(rows, math.MaxInt64)), rowWeight))}
}
