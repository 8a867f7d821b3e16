package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"fastcount/engine"
)

var (
	_ engine.Part    = (*File)(nil)
	_ engine.Checker = (*File)(nil)
)

// LocalOptions say how files and standard input are read. The zero value is useful.
type LocalOptions struct {
	// MaxWindow bounds the window of zstd data in bytes; 0 means DefaultFileWindow.
	MaxWindow uint64
}

func (o LocalOptions) maxWindow() uint64 {
	if o.MaxWindow == 0 {
		return DefaultFileWindow
	}
	return o.MaxWindow
}

// File is a part that is a file, a FIFO or a device. A regular file must still be, when it has been read, what it was
// when it was found, and can be read from several places at once. What is no regular file is opened only when it is to
// be read, because opening it may already take something from it.
type File struct {
	path   string
	found  fs.FileInfo
	format format // of a regular file
	opts   LocalOptions
}

// NewFile finds the file at path and looks at its first bytes. It returns an error that matches ErrNotFound if there is
// none, and ErrArgument if it is a directory.
func NewFile(path string, o LocalOptions) (*File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, mark(ErrNotFound, err)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, mark(ErrArgument, fmt.Errorf("%s is a directory; name its files, such as %s",
			path, filepath.Join(path, "*.csv")))
	}
	f := &File{path: path, found: info, opts: o}
	if !f.regular() {
		return f, nil
	}
	if err := f.examine(); err != nil {
		return nil, err
	}
	return f, nil
}

// examine looks into a regular file. The facts about it are taken anew from the open file, so that they and the
// format are of one and the same file.
func (f *File) examine() (err error) {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if f.found, err = file.Stat(); err != nil {
		return err
	}
	head, err := readHead(file)
	f.format = recognise(head)
	if err == io.EOF {
		return nil
	}
	return err
}

// Name returns the path as it was given.
func (f *File) Name() string { return f.path }

func (f *File) regular() bool { return f.found.Mode().IsRegular() }

// Open implements engine.Part. Opening a FIFO waits until somebody writes to it.
func (f *File) Open(ctx context.Context) (io.ReadCloser, error) {
	return opened(f.open(ctx))
}

func (f *File) open(ctx context.Context) (*stream, error) {
	if !f.regular() {
		return f.openSpecial(ctx)
	}
	s, err := f.openRegular(ctx, 0)
	if err != nil {
		return nil, err
	}
	return ready(s, s.decode(f.format, f.opts.maxWindow()))
}

func (f *File) openSpecial(ctx context.Context) (*stream, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	s := newPipe(ctx, file, file.Close)
	return ready(s, s.decodeSniffed(f.opts.maxWindow()))
}

// openRegular returns the undecoded bytes of the file from off.
func (f *File) openRegular(ctx context.Context, off int64) (*stream, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChanged, err)
	}
	r := &regularReader{ctx: ctx, file: file, part: f, off: off}
	if err := r.begin(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return newStream(r, file.Close), nil
}

// Check implements engine.Checker: it returns an error that matches ErrChanged unless the path still leads to the very
// file that was found, with the same size and time of modification.
func (f *File) Check() error {
	if !f.regular() {
		return nil
	}
	now, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return f.compare(now)
}

func (f *File) compare(now fs.FileInfo) error {
	switch {
	case !os.SameFile(f.found, now):
		return fmt.Errorf("%w: another file has taken its place", ErrChanged)
	case f.found.Size() != now.Size():
		return fmt.Errorf("%w: it had %d bytes and has %d", ErrChanged, f.found.Size(), now.Size())
	case !f.found.ModTime().Equal(now.ModTime()):
		return fmt.Errorf("%w: it was written to, at the same size", ErrChanged)
	}
	return nil
}

// regularReader reads a regular file and holds it to what was found: the end is where the size says, and the open file
// is unchanged both before the first byte and after the last.
type regularReader struct {
	ctx  context.Context // of the attempt; a read of a regular file cannot be interrupted, but the next one is refused
	file *os.File
	part *File
	off  int64
}

func (r *regularReader) begin() error {
	if err := r.unchanged(); err != nil {
		return err
	}
	_, err := r.file.Seek(r.off, io.SeekStart)
	return err
}

func (r *regularReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.file.Read(p)
	r.off += int64(n)
	size := r.part.found.Size()
	switch {
	case r.off > size:
		err = fmt.Errorf("%w: it had %d bytes and has more", ErrChanged, size)
	case err == io.EOF && r.off < size:
		err = fmt.Errorf("%w: it had %d bytes and ends at %d", ErrChanged, size, r.off)
	case err == io.EOF:
		err = r.end()
	}
	return n, err
}

// end returns io.EOF where the file ended as it should.
func (r *regularReader) end() error {
	if err := r.unchanged(); err != nil {
		return err
	}
	return io.EOF
}

func (r *regularReader) unchanged() error {
	now, err := r.file.Stat()
	if err != nil {
		return err
	}
	return r.part.compare(now)
}
