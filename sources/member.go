package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fastcount/engine"
	"fastcount/internal/compression"
	"fastcount/internal/filename"
	"fastcount/internal/filestate"
	"fastcount/internal/interrupt"
	"fastcount/internal/ziparchive"
)

var _ engine.Part = (*Member)(nil)

// Member is a part that is one member of a zip archive. It may itself be
// compressed. Its end is proved by its size and its checksum.
type Member struct {
	explainer
	file  *File
	name  string
	entry ziparchive.Member
}

func newMember(f *File, entry ziparchive.Member) *Member {
	return &Member{file: f, name: filepath.ToSlash(f.name) + "/" + memberName(entry.Name), entry: entry}
}

// Member returns the member with a name, as the directory of the archive holds
// it. The error matches [ErrNotFound] without such a member.
func (f *File) Member(name string) (*Member, error) {
	if f.Plain() || f.recognized().format != compression.Zip {
		return nil, mark(ErrNotFound, fmt.Errorf("%s is not a zip archive", f.path))
	}
	all, err := f.directory()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	var found []*Member
	for _, m := range all {
		if memberName(m.Name) == memberName(name) {
			found = append(found, newMember(f, m))
		}
	}
	if len(found) == 0 {
		return nil, mark(ErrNotFound, fmt.Errorf("%s has no member %s", f.path, quote(name)))
	}
	if err := checkMembers(found); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	return found[0], nil
}

// File returns the archive.
func (m *Member) File() *File { return m.file }

// Member returns the name of the member in the archive.
func (m *Member) Member() string { return m.entry.Name }

// Length returns the length of the member in bytes, as the archive declares it:
// without the compression of the archive, but with its own.
func (m *Member) Length() int64 { return m.entry.Size }

// Name implements [engine.Part]. It returns the name of the archive, a slash,
// and the name of the member.
func (m *Member) Name() string { return m.name }

// Info implements [engine.Part]. The size is that of the compressed data. The
// delimiter and the facts depend on the name of the member.
func (m *Member) Info() engine.PartInfo {
	return engine.PartInfo{Size: m.entry.Compressed, SizeKnown: true, Delimiter: filename.Delimiter(m.entry.Name),
		Facts: factsOf(memberName(m.entry.Name)), Explain: m.explain}
}

// Identity returns the identity of the member: that of the archive and its name
// in it.
func (m *Member) Identity() Identity {
	id := m.file.Identity()
	if id != (Identity{}) {
		id.ID = fmt.Sprintf("member %q of %s", m.entry.Name, id.ID)
	}
	return id
}

// Open implements [engine.Part]. Closing the stream returns an error that
// matches [ErrChanged] if the archive changed.
func (m *Member) Open(ctx context.Context) (io.ReadCloser, error) {
	return m.deliver(m.open(ctx))
}

func (m *Member) open(ctx context.Context) (*stream, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	file, err := m.file.openSettled(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(m.entry.Offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	r := interrupt.NewFile(ctx, file)
	s := newStream(&rangeReader{r: r, file: file, found: m.file.found, left: m.entry.Compressed}, r.Close)
	s.closers = append(s.closers, file.Close, m.file.check)
	s.proof = engine.ProofLength
	s.add(compression.NewMember(s.Reader, m.entry.Method == ziparchive.Deflate, m.entry.Size, m.entry.CRC32))
	return ready(s, s.decodeSniffed(m.file.opts.maxWindow()))
}

// methods are the names of compression methods that are not read.
var methods = map[uint16]string{1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 20: "Zstandard", 93: "Zstandard",
	95: "xz", 98: "PPMd"}

// check returns an error if the member cannot be read.
func (m *Member) check() error {
	e := m.entry
	switch {
	case e.Encrypted:
		return &FormatError{"an encrypted member of a zip archive", "extract it with its password first, and count the file"}
	case e.Symlink:
		return &FormatError{"a symbolic link in a zip archive", "extract the archive, and count the files"}
	case e.Method == ziparchive.Store && e.Size != e.Compressed:
		return fmt.Errorf("zip archive %w: two sizes of a stored member", ErrCorrupt)
	case e.Method != ziparchive.Store && e.Method != ziparchive.Deflate:
		name := methods[e.Method]
		if name == "" {
			name = fmt.Sprintf("method %d", e.Method)
		}
		return &FormatError{"a member of a zip archive compressed with " + name, "extract it first, such as with 7z x ARCHIVE, and count the file"}
	}
	return nil
}

// rangeReader reads left bytes of a regular file from its offset on. It returns
// an error unless the file is unchanged after the last byte.
type rangeReader struct {
	r     *interrupt.File
	file  *os.File
	found filestate.State
	left  int64
}

func (r *rangeReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, endUnchanged(r.file, r.found)
	}
	n, err := r.r.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if err == io.EOF && r.left > 0 {
		return n, fmt.Errorf("%w: ends early", ErrChanged)
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}
