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

// Clients gives the client of a server, whose URL is in the plan.
type Clients func(server string) (*sources.Client, error)

// Parts opens what a shard counts. Each unit must be what the plan says.
func (p *Plan) Parts(ctx context.Context, pieces []Piece, o sources.LocalOptions, clients Clients) ([]engine.Part, error) {
	parts := make([]engine.Part, len(pieces))
	for i, piece := range pieces {
		var err error
		if piece.File != nil {
			parts[i], err = p.file(piece, o)
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

func (p *Plan) file(piece Piece, o sources.LocalOptions) (engine.Part, error) {
	path := p.Path(piece.File)
	f, err := sources.NewFile(path, o)
	if err != nil {
		return nil, err
	}
	size, _ := f.Size()
	switch {
	case size != piece.File.Size:
		return nil, fmt.Errorf("%s: %w: it had %d bytes and has %d", path, ErrChanged, piece.File.Size, size)
	case !f.Modified().Equal(piece.File.Modified):
		return nil, fmt.Errorf("%s: %w: it was modified %v", path, ErrChanged, f.Modified())
	case f.Compressed() != piece.File.Whole:
		return nil, fmt.Errorf("%s: %w: compression", path, ErrChanged)
	}
	if piece.File.Whole {
		return named{f, piece.File.Path}, nil
	}
	return f.Share(piece.File.Path, piece.From, piece.To), nil
}

// named is a file that is called as the plan calls it.
type named struct {
	*sources.File
	name string
}

// Name implements engine.Part.
func (n named) Name() string { return n.name }

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
	cfg.CSV.NoHeader = r.NoHeader
	cfg.CSV.Comma = 0
	if r.Delimiter != "" {
		cfg.CSV.Comma = r.Delimiter[0]
	}
}

// What a byte that is compressed becomes, about: weights are to be in proportion to time.
const (
	rowWeight        = 44
	compressedWeight = 8
)

// FileUnit returns the unit of a file. It is an error if it is no regular one.
func FileUnit(f *sources.File) (Unit, error) {
	size, regular := f.Size()
	if !utf8.ValidString(f.Name()) {
		return Unit{}, fmt.Errorf("%q cannot be written into a plan: the name is not UTF-8", f.Name())
	}
	if !regular {
		return Unit{}, fmt.Errorf("%s is no regular file: who is to count it could not find it again", f.Name())
	}
	u := Unit{File: &File{Path: f.Name(), Size: size, Modified: f.Modified().UTC(), Whole: f.Compressed()}, Weight: max(1, size)}
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
