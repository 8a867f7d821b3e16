package jsonline

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
)

// Format describes a kind of file. A file begins with a header, a line of JSON
// whose first members are those of [FormatID], and ends with a trailer, a line
// of JSON whose last member, sha256, is the checksum of every byte before its
// name. What lies between them is up to the format.
type Format struct {
	Name    string
	Version int // that is written
	Oldest  int // that can be read; 0 means only Version

	ErrCorrupt error // matched by the errors for files that are not well formed
	ErrVersion error // matched by the errors for files of another version
}

// FormatID holds the first members of a header, which embeds it.
type FormatID struct {
	Format  string `json:"fastcount"`
	Version int    `json:"version"`
}

// MaxLine is the length in bytes of the longest line, including its line feed.
const MaxLine = 64 << 20

// ID returns the first members of a header of f.
func (f *Format) ID() FormatID { return FormatID{f.Name, f.Version} }

// Corrupt returns an error that matches f.ErrCorrupt.
func (f *Format) Corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", f.ErrCorrupt, fmt.Errorf(format, args...))
}

// versions describes the versions that can be read.
func (f *Format) versions() string {
	if f.Oldest == 0 || f.Oldest == f.Version {
		return fmt.Sprint(f.Version)
	}
	return fmt.Sprintf("%d to %d", f.Oldest, f.Version)
}

// ParseHeader sets *v, which must be zero, from the header of a file of format
// f, with its line feed. The error matches f.ErrCorrupt or f.ErrVersion.
func ParseHeader[T any](f *Format, line []byte, v *T) error {
	var id FormatID
	if json.Unmarshal(line, &id) != nil || id.Format != f.Name {
		return f.Corrupt("missing header")
	}
	if id.Version != f.Version && (f.Oldest == 0 || id.Version < f.Oldest || id.Version > f.Version) {
		return fmt.Errorf("%w: got version %d, want %s", f.ErrVersion, id.Version, f.versions())
	}
	if err := Unmarshal(bytes.TrimSuffix(line, []byte("\n")), v); err != nil {
		return f.Corrupt("header: %w", err)
	}
	return nil
}

// checksumMember precedes the checksum. Neither is covered by the checksum.
const checksumMember = `"sha256":"`

// checksumSize is the length of the checksum and of the rest of its line.
const checksumSize = 2*sha256.Size + len("\"}\n")

// ParseTrailer sets *v, which must be zero, from the trailer of a file, with
// its line feed. It returns an error unless the checksum in it is that of the
// bytes before the trailer, which sum has hashed, and of the trailer.
func ParseTrailer[T any](line []byte, sum hash.Hash, v *T) error {
	end := len(line) - checksumSize
	if end < 0 || !bytes.HasSuffix(line[:end], []byte(","+checksumMember)) {
		return errNoChecksum
	}
	covered := line[:end-len(checksumMember)]
	sum.Write(covered)
	if string(line[end:]) != checksumEnd(sum) {
		return errChecksum
	}
	trailer := append(bytes.Clone(covered[:len(covered)-1]), '}')
	if err := Unmarshal(trailer, v); err != nil {
		return fmt.Errorf("trailer: %w", err)
	}
	return nil
}

func checksumEnd(sum hash.Hash) string { return fmt.Sprintf("%x\"}\n", sum.Sum(nil)) }

// Writer writes a file of one format.
type Writer struct {
	format *Format
	w      *bufio.Writer
	lines  *json.Encoder // to w
	sum    hash.Hash
}

// NewWriter writes the header of a file of format f to w.
func NewWriter(w io.Writer, f *Format, header any) (*Writer, error) {
	line, err := Marshal(header)
	if err != nil {
		return nil, err
	}
	if len(line) >= MaxLine {
		return nil, f.Corrupt("header too long")
	}
	out := &Writer{format: f, sum: sha256.New()}
	out.w = bufio.NewWriterSize(io.MultiWriter(w, out.sum), 64<<10)
	out.lines = newEncoder(out.w)
	_, err = out.w.Write(append(line, '\n'))
	return out, err
}

// Write writes bytes between header and trailer.
func (w *Writer) Write(p []byte) (int, error) { return w.w.Write(p) }

// WriteLine writes a value as a line between header and trailer.
func (w *Writer) WriteLine(v any) error { return w.lines.Encode(v) }

// Close writes the trailer, an object with at least one member, to which it
// adds the checksum. It does not close the underlying writer.
func (w *Writer) Close(trailer any) error {
	line, err := Marshal(trailer)
	if err != nil {
		return err
	}
	if len(line)+len(checksumMember)+checksumSize > MaxLine {
		return w.format.Corrupt("trailer too long")
	}
	line[len(line)-1] = ',' // the checksum takes the place of the closing brace
	if _, err := w.w.Write(line); err != nil {
		return err
	}
	if err := w.w.Flush(); err != nil {
		return err
	}
	if _, err := w.w.WriteString(checksumMember + checksumEnd(w.sum)); err != nil {
		return err
	}
	return w.w.Flush()
}
