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

// ErrChanged is matched by the error for an input that changed after the plan
// was made.
var ErrChanged = errors.New("changed since the plan was made")

// ErrOtherCommand is matched by the error for a plan whose sources are piped
// through another command than the one given, or through none.
var ErrOtherCommand = errors.New("the plan was made for another command")

// ErrUnplannable is matched by the error for a file that no plan can list.
var ErrUnplannable = errors.New("cannot be part of a plan")

// Clients returns the client for the downloads of a server, whose URL is in the
// plan, and for all URLs of the plan. If the plan has no downloads, server is
// "".
type Clients func(server string) (*sources.Client, error)

// changedError is an error of package sources that also matches ErrChanged.
type changedError struct{ error }

func (e changedError) Unwrap() error        { return e.error }
func (e changedError) Is(target error) bool { return target == ErrChanged }

// Changed returns err, the error of reading parts of a plan. It makes err and
// each failure of a run that it lists match ErrChanged if it is that an input
// changed.
func Changed(err error) error {
	for _, f := range engine.Failures(err) {
		f.Err = Changed(f.Err)
	}
	if errors.Is(err, sources.ErrChanged) && !errors.Is(err, ErrChanged) {
		return changedError{err}
	}
	return err
}

// Parts returns the parts of a shard. The error matches ErrChanged if an input
// is not what the plan was made of. If one changes while the parts are read,
// Changed makes the error of the run match ErrChanged.
func (p *Plan) Parts(ctx context.Context, ranges []EntryRange, o sources.LocalOptions, clients Clients) ([]engine.Part, error) {
	if o.Pre != p.Rules.Pre {
		return nil, fmt.Errorf("%w: %q, not %q", ErrOtherCommand, p.Rules.Pre, o.Pre)
	}
	parts := make([]engine.Part, len(ranges))
	archives := make(map[string]*sources.File) // by path
	for i, r := range ranges {
		var err error
		switch e := r.Entry; {
		case e.File != nil && e.File.Member != "":
			parts[i], err = p.member(ctx, e.File, o, archives)
		case e.File != nil:
			parts[i], err = p.file(ctx, r, o)
		case e.URL != nil:
			parts[i], err = p.url(ctx, r, clients)
		default:
			parts[i], err = download(ctx, e.Download, clients)
		}
		if err != nil {
			return nil, Changed(err)
		}
	}
	return parts, nil
}

// Path returns where a file of the plan is.
func (p *Plan) Path(f *File) string { return inDirectory(p.dir, f.Path) }

// file returns a file, or a byte range of it, as a part. The run verifies that
// the file does not change afterwards, so the digest is compared only here.
func (p *Plan) file(ctx context.Context, r EntryRange, o sources.LocalOptions) (engine.Part, error) {
	planned := r.Entry.File
	path := p.Path(planned)
	f, err := sources.NewFile(path, o)
	if err != nil {
		return nil, err
	}
	if err := planned.compare(ctx, f, p.Rules.SkipFooter > 0); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f = f.Named(planned.Path)
	if planned.Whole {
		return f, nil
	}
	return f.Section(planned.Path, r.From, r.To), nil
}

// member returns a member of an archive as a part. Archives that were compared
// with the plan are in known.
func (p *Plan) member(ctx context.Context, planned *File, o sources.LocalOptions, known map[string]*sources.File) (engine.Part, error) {
	path := p.Path(planned)
	if known[path] == nil {
		archive, err := sources.NewFile(path, o)
		if err != nil {
			return nil, err
		}
		if err := planned.compare(ctx, archive, false); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		known[path] = archive.Named(planned.Path)
	}
	m, err := known[path].Member(planned.Member)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// compare returns an error that matches ErrChanged unless a file, which may be
// a copy on another node, is what the plan was made of. footer reports whether
// the dialect has a footer.
func (f *File) compare(ctx context.Context, now *sources.File, footer bool) error {
	switch size := now.Info().Size; {
	case size != f.Size:
		return fmt.Errorf("%w: size was %d bytes, is %d", ErrChanged, f.Size, size)
	case !now.Modified().Equal(f.Modified):
		return fmt.Errorf("%w: modification time was %v, is %v", ErrChanged, f.Modified, now.Modified().UTC())
	case (!now.Plain() || footer) != f.Whole:
		return fmt.Errorf("%w: compression differs", ErrChanged)
	}
	digest, err := now.Digest(ctx)
	if err == nil && digest != f.Digest {
		err = fmt.Errorf("%w: first or last 64 KiB differ", ErrChanged)
	}
	return err
}

// url returns the data at a URL, or a byte range of it, as a part. Each request
// for it verifies size and validator.
func (p *Plan) url(ctx context.Context, r EntryRange, clients Clients) (engine.Part, error) {
	planned := r.Entry.URL
	server, _ := p.Server()
	client, err := clients(server)
	if err != nil {
		return nil, err
	}
	u, err := client.URL(planned.URL, planned.Name)
	if err == nil {
		err = u.Pin(ctx)
	}
	if err == nil {
		err = planned.compare(u, p.Rules.SkipFooter > 0)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", planned.Name, err)
	case planned.Whole:
		return u, nil
	}
	return u.Section(r.From, r.To), nil
}

// compare returns an error that matches ErrChanged unless the data at a URL is
// what the plan was made of. footer reports whether the dialect has a footer.
func (u *URL) compare(now *sources.URL, footer bool) error {
	switch info := now.Info(); {
	case u.Validator != "" && now.Validator() == "" && !info.SizeKnown:
		return fmt.Errorf("%w: server no longer sends byte ranges", ErrChanged)
	case u.Size > 0 && !info.SizeKnown:
		return fmt.Errorf("%w: size was %d bytes, is unknown", ErrChanged, u.Size)
	case info.Size != u.Size:
		return fmt.Errorf("%w: size was %d bytes, is %d", ErrChanged, u.Size, info.Size)
	case u.Validator != "" && now.Validator() == "":
		return fmt.Errorf("%w: server no longer sends byte ranges", ErrChanged)
	case now.Validator() != u.Validator:
		return fmt.Errorf("%w: ETag or modification time differs", ErrChanged)
	case (!now.Plain() || footer) != u.Whole:
		return fmt.Errorf("%w: compression differs", ErrChanged)
	}
	return nil
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
	if now := part.Info().Declared; now.Rows != d.Rows || part.Identity().Digest != d.Digest {
		return nil, fmt.Errorf("%s: %w: server now declares %s", part.Name(), ErrChanged, part.Identity().Version)
	}
	return part, nil
}

// Config sets the rules in the configuration of a run whose report becomes a
// partial result.
func (r Rules) Config(cfg *engine.Config) {
	cfg.Patient, cfg.Event, cfg.By = r.Patient.selector(), r.Event.selector(), nil
	for _, k := range r.By {
		cfg.By = append(cfg.By, engine.KeyColumn{Name: k.Name, Column: k.Column.selector(), Bucket: k.Bucket})
	}
	cfg.EscapeIDs, cfg.RawIDs = r.EscapeIDs, true
	cfg.Dialect = parser.Dialect(r.Dialect)
}

// KeyNames returns the names of the key columns, as Report.By.
func (r Rules) KeyNames() (names []string) {
	for _, k := range r.By {
		names = append(names, k.Name)
	}
	return names
}

// Weights are in proportion to the time that counting takes: of a row, and of a
// compressed byte.
const (
	rowWeight        = 44
	compressedWeight = 8
)

// NewFile returns the entry of a regular file or a member of an archive. It
// reads the first and the last bytes of the file, for the digest.
func NewFile(ctx context.Context, part engine.Part) (Entry, error) {
	m, isMember := part.(*sources.Member)
	f, ok := part.(*sources.File)
	if isMember {
		f = m.File()
	} else if !ok {
		return Entry{}, fmt.Errorf("%s: %w: not a file", part.Name(), ErrUnplannable)
	}
	info := f.Info()
	if !utf8.ValidString(part.Name()) {
		return Entry{}, fmt.Errorf("%q: %w: name is not valid UTF-8", part.Name(), ErrUnplannable)
	}
	if err := f.Err(); err != nil {
		return Entry{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	if !info.SizeKnown {
		return Entry{}, fmt.Errorf("%s: %w: not a regular file", f.Name(), ErrUnplannable)
	}
	digest, err := f.Digest(ctx)
	if err != nil {
		return Entry{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	file := &File{Path: f.Name(), Size: info.Size, Modified: f.Modified().UTC(), Digest: digest, Cuts: Cuts{Whole: !f.Plain()}}
	e := Entry{File: file, Weight: max(1, info.Size)}
	if isMember {
		file.Member, e.Weight = m.Member(), max(1, m.Length())
	} else if file.Whole {
		e.Weight = times(e.Weight, compressedWeight)
	}
	return e, nil
}

// times returns n times weight, or the largest multiple of weight if that
// overflows.
func times(n, weight int64) int64 { return min(n, math.MaxInt64/weight) * weight }

// NewURL returns the entry of a URL. It asks the server what is there.
func NewURL(ctx context.Context, raw string, u *sources.URL) (Entry, error) {
	if err := u.Pin(ctx); err != nil {
		return Entry{}, fmt.Errorf("%s: %w", u.Name(), err)
	}
	size := u.Info().Size
	e := Entry{URL: &URL{URL: raw, Name: u.Name(), Size: size, Validator: u.Validator(), Cuts: Cuts{Whole: !u.Plain()}}, Weight: max(1, size)}
	if u.Compressed() {
		e.Weight = times(e.Weight, compressedWeight)
	}
	return e, nil
}

// NewDownload returns the entry of a download of an export of a server.
func NewDownload(server, export string, d *sources.Download) Entry {
	rows := d.Info().Declared.Rows
	return Entry{Download: &Download{Server: server, Export: export, ID: d.ID(), Rows: rows, Digest: d.Identity().Digest},
		Weight: max(1, times(int64(min(rows, math.MaxInt64)), rowWeight))}
}
