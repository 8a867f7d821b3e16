package sources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fastcount/engine"
	"fastcount/internal/compression"
	"fastcount/internal/filename"
	"fastcount/internal/filestate"
	"fastcount/internal/filter"
	"fastcount/internal/interrupt"
	"fastcount/internal/mapped"
	"fastcount/internal/ziparchive"
)

var _ engine.Splitter = (*File)(nil)

// LocalOptions configures the reading of files and standard input. The zero
// value is ready to use.
type LocalOptions struct {
	// MaxWindow is the maximum window of zstd data in bytes. Zero means
	// [DefaultFileWindow].
	MaxWindow uint64

	// Members are patterns of the members of zip archives that are sources. A
	// pattern with a slash matches the name of a member, one without the last
	// element of the name, both without regard to case. Nil means
	// [DefaultMembers].
	Members []string

	// MaxMembers is the maximum number of members in a zip archive. Zero means
	// [DefaultMaxMembers].
	MaxMembers int

	// Pre is a command that each source is piped through. It runs without a
	// shell; blanks separate its arguments, which may be quoted. The empty
	// string means none. The content of the sources, compression included, is
	// then examined only in the output of the command, and an archive is one
	// source.
	Pre string

	// IdleTimeout is the time after which a command that makes no progress has
	// stalled. Zero means a minute.
	IdleTimeout time.Duration

	// Known, if not nil, reports whether an earlier run used a regular file in
	// this state as one source. The content of such a file is not examined
	// until the file is opened, since it is not a readable archive. Known is
	// called concurrently.
	Known func(Identity) bool

	workDir func() (string, error) // set by Resolve: os.Getwd, called once
}

// abs is filepath.Abs. Getting the working directory takes two system calls.
func (o LocalOptions) abs(path string) (string, error) {
	if o.workDir == nil || filepath.IsAbs(path) || runtime.GOOS == "windows" {
		return filepath.Abs(path)
	}
	dir, err := o.workDir()
	return filepath.Join(dir, path), err
}

func (o LocalOptions) maxWindow() uint64 {
	if o.MaxWindow == 0 {
		return DefaultFileWindow
	}
	return o.MaxWindow
}

// File is a part that is a file, a FIFO or a device. A regular file can be read
// at several offsets concurrently, and reading it fails if it changes after
// NewFile. Files that are not regular are opened only by Open, since opening
// one may already have an effect.
type File struct {
	explainer
	path      string
	name      string
	delimiter string                   // that path implies
	facts     func() map[string]string // of name
	found     filestate.State
	content   recognition // of a regular file, unless there is a command; see recognized
	late      *sync.Once  // if not nil, sets content when that is needed
	identity  Identity    // of a known file
	pre       *filter.Command
	opts      LocalOptions
	entry     bool        // the path is not a symbolic link
	settled   atomic.Bool // found is known to be settled

	first atomic.Uint64 // hash of the first bytes, 0 before they are counted; see keepFirst

	directory func() ([]ziparchive.Member, error) // of an archive
}

// NewFile returns the file at path. It reads the first bytes of a regular file.
// The error matches [ErrNotFound] if the file does not exist, and [ErrArgument]
// if it is a directory.
func NewFile(path string, o LocalOptions) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, notFound(err)
	}
	return fileAt(path, info, o)
}

// fileAt returns the file at path. info is that of os.Stat, or nil for a path
// that is the entry of a regular file in a directory. It reads the first bytes
// of a regular file unless that is known.
func fileAt(path string, info fs.FileInfo, o LocalOptions) (*File, error) {
	pre, err := parsePre(o.Pre)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, name: path, delimiter: filename.Delimiter(path), facts: factsOf(path), opts: o, pre: pre, entry: info == nil}
	if info == nil && o.Known != nil {
		info, _ = os.Lstat(path) // examine returns the error
	}
	if info != nil {
		f.found = filestate.Of(info)
	}
	switch {
	case info != nil && f.regular() && f.isKnown():
		f.late = new(sync.Once)
	case f.entry || f.regular():
		f.found, f.content, err = f.examine()
	}
	switch {
	case err != nil:
		return nil, notFound(err)
	case f.found.Info.IsDir():
		return nil, directoryError(path)
	}
	return f, nil
}

// factsOf returns a function for engine.PartInfo that returns the facts about a
// part whose path is name.
func factsOf(name string) func() map[string]string {
	return func() map[string]string { return filename.Facts(name) }
}

// isKnown reports whether the regular file is known, whose identity it keeps
// then.
func (f *File) isKnown() bool {
	if f.opts.Known == nil {
		return false
	}
	id := f.Identity()
	if !f.opts.Known(id) {
		return false
	}
	f.identity = id
	return true
}

// notFound returns err, which matches ErrNotFound if the file does not exist.
func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return mark(ErrNotFound, err)
	}
	return err
}

// examine returns the state and the format of a regular file. Both are those of
// one open file. A known file must be unchanged.
func (f *File) examine() (found filestate.State, content recognition, err error) {
	file, err := interrupt.Open(f.path)
	if err != nil {
		return found, content, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	found, err = filestate.Stat(file)
	if err == nil && f.late != nil {
		err = f.found.Check(file)
	}
	if err != nil || !found.Regular() || found.Size() == 0 || f.pre != nil {
		return found, content, err // a read of an empty file in /proc may wait
	}
	head, err := readHead(interrupt.NewFile(context.Background(), file))
	if content = recognize(head); content.format == compression.Zip {
		f.directory = sync.OnceValues(f.readDirectory)
	}
	if err == io.EOF {
		err = nil
	}
	return found, content, err
}

// recognized returns what the content of a regular file is. If the file was
// known, the first call examines it.
func (f *File) recognized() recognition {
	if f.late != nil {
		f.late.Do(func() {
			_, content, err := f.examine()
			switch {
			case err != nil && !errors.Is(err, ErrChanged):
				err = fmt.Errorf("%w: %w", ErrChanged, err)
			case err == nil && content.format == compression.Zip:
				if _, err = f.directory(); err == nil {
					err = errZip
				}
			}
			content.refused = cmp.Or(err, content.refused)
			f.content = content
		})
	}
	return f.content
}

// Named returns a copy of f with another name.
func (f *File) Named(name string) *File {
	return &File{path: f.path, name: name, delimiter: f.delimiter, facts: factsOf(name), entry: f.entry,
		found: f.found, content: f.recognized(), pre: f.pre, opts: f.opts, directory: f.directory}
}

// Name implements [engine.Part]. It returns the path as given, or the name
// given to Named.
func (f *File) Name() string { return f.name }

// Info implements [engine.Part]. The size of a file that is not regular is not
// known. The delimiter depends on the name of the file, and the facts on Name.
func (f *File) Info() engine.PartInfo {
	return engine.PartInfo{Size: f.found.Size(), SizeKnown: f.regular(), Delimiter: f.delimiter, Facts: f.facts, Explain: f.explain}
}

func (f *File) regular() bool { return f.found.Regular() }

// Open implements [engine.Part]. Opening a FIFO blocks until it has a writer.
// Closing the stream of a regular file returns an error that matches
// [ErrChanged] if the file changed or its path leads to another file.
func (f *File) Open(ctx context.Context) (io.ReadCloser, error) {
	return f.deliver(f.open(ctx))
}

func (f *File) open(ctx context.Context) (*stream, error) {
	if err := f.Err(); err != nil {
		return nil, err
	}
	if f.pre != nil {
		return piped(ctx, f.pre, f.opts.idle(), f.opts.maxWindow(), f.openStored)
	}
	s, err := f.openStored(ctx)
	switch {
	case err != nil:
		return nil, err
	case !f.regular():
		return ready(s, s.decodeSniffed(f.opts.maxWindow()))
	case f.recognized().format != compression.Plain:
		return ready(s, s.decodeContent(f.content.format, f.opts.maxWindow()))
	}
	f.seems.Store(f.content.resembles)
	return ready(s, s.mapUntil(f.found.Size()))
}

// Err returns why the file cannot be counted, as far as that is known before it
// is opened, or nil: its first bytes are those of another format, or it is a
// damaged archive.
func (f *File) Err() error { return f.recognized().refused }

// openStored returns the bytes of the file as they are stored.
func (f *File) openStored(ctx context.Context) (*stream, error) {
	if f.regular() {
		return f.openRegular(ctx, 0)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	return newPipe(ctx, file, file.Close), nil
}

// openRegular returns the undecoded bytes of the file from off.
func (f *File) openRegular(ctx context.Context, off int64) (*stream, error) {
	file, err := f.openSettled(ctx)
	if err != nil {
		return nil, err
	}
	if off > 0 {
		if _, err := file.Seek(off, io.SeekStart); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	s := newRegular(ctx, file, f.found, off)
	s.raw.r.(*regularReader).part = f
	s.closers = append(s.closers, file.Close, f.check)
	return s, nil
}

// searchLimit is the number of bytes of a file that are searched for the
// beginning of a member. Decoding takes about 50 times as long as searching.
const searchLimit = 1 << 30

// ranges returns the data of a regular file.
func (f *File) ranges() ranged {
	return ranged{size: f.found.Size(), content: f.recognized(), maxWindow: f.opts.maxWindow(), search: searchLimit,
		open: func(ctx context.Context, from, to int64) (*stream, error) {
			s, err := f.openRegular(ctx, from)
			if err != nil || f.content.format != compression.Plain {
				return s, err
			}
			return ready(s, s.mapUntil(to))
		}}
}

// OpenRange implements [engine.Splitter].
func (f *File) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	return f.ranges().openRange(ctx, from, to)
}

// Boundary implements [engine.Splitter].
func (f *File) Boundary(ctx context.Context, at int64) (int64, error) {
	if f.pre != nil {
		return f.found.Size(), nil
	}
	return f.ranges().boundary(ctx, at)
}

// Found returns what the system reported of the file when it was found, and
// whether its path may be a symbolic link.
func (f *File) Found() (info fs.FileInfo, link bool) { return f.found.Info, !f.entry }

// Modified returns the modification time of the file when it was found.
func (f *File) Modified() time.Time { return f.found.Info.ModTime() }

// Plain reports whether the bytes of the file are those that are counted: it is
// not compressed, and there is no command.
func (f *File) Plain() bool { return f.recognized().format == compression.Plain && f.pre == nil }

// openSettled opens the file, which must be unchanged. If its times are too
// recent to detect later changes, the first call waits.
func (f *File) openSettled(ctx context.Context) (*os.File, error) {
	file, err := interrupt.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	err = f.found.Check(file)
	if err == nil && !f.settled.Load() {
		err = f.found.Settle(ctx, file)
		f.settled.Store(err == nil)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// check returns an error that matches [ErrChanged] if the path leads to another
// file, or the file has changed.
func (f *File) check() error { return f.found.CheckPath(f.path) }

// regularReader reads a regular file. It returns an error unless the file ends
// at the size that was found and is unchanged after the last byte.
type regularReader struct {
	r     *interrupt.File
	file  *os.File
	part  *File // nil for standard input
	found filestate.State
	off   int64

	windows *mapped.Windows // nil if the file is not mapped
	mapped  int64           // bytes returned by Window
	moved   bool            // off is not the offset of the file
}

// newRegular returns a stream of a regular file whose offset is off. Closing
// the stream leaves the file open.
func newRegular(ctx context.Context, file *os.File, found filestate.State, off int64) *stream {
	r := interrupt.NewFile(ctx, file)
	s := newStream(&regularReader{r: r, file: file, found: found, off: off}, r.Close)
	s.proof = engine.ProofLength
	return s
}

func (r *regularReader) Read(p []byte) (int, error) {
	if r.moved {
		if _, err := r.file.Seek(r.off, io.SeekStart); err != nil {
			return 0, err
		}
		r.moved = false
	}
	begin := time.Now()
	n, err := r.r.Read(p)
	r.windows.Copied(n, time.Since(begin))
	if r.part != nil && r.off == 0 {
		r.part.keepFirst(p[:n])
	}
	r.off += int64(n)
	size := r.found.Size()
	switch {
	case r.off > size:
		err = fmt.Errorf("%w: size was %d bytes, is larger", ErrChanged, size)
	case err == io.EOF && r.off < size:
		err = fmt.Errorf("%w: size was %d bytes, ends at byte %d", ErrChanged, size, r.off)
	case err == io.EOF:
		err = endUnchanged(r.file, r.found)
	}
	return n, err
}

// endUnchanged returns io.EOF at the end of an unchanged file.
func endUnchanged(file *os.File, found filestate.State) error {
	if err := found.Check(file); err != nil {
		return err
	}
	return io.EOF
}
