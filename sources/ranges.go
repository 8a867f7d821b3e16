package sources

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"time"

	"fastcount/engine"
)

// An uncompressed file can be read from any byte on, a compressed one from the
// beginning of a gzip member (RFC 1952, section 2.2) or a zstd frame (RFC 8878,
// section 3.1). Files made by bgzip, pzstd or cat contain many. There is no
// index of members, so they are found by their first bytes and by decoding
// their beginnings. If bytes that look like a member are not one, decoding the
// data before them fails, and so does the range.

var _ engine.Splitter = (*File)(nil)

// searchLimit is the number of bytes that are searched for the beginning of a
// member. Decoding takes about 50 times as long as searching.
const searchLimit = 1 << 30

// OpenRange implements [engine.Splitter].
func (f *File) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	if err := f.checkStart(ctx, from); err != nil {
		return nil, err
	}
	s, err := f.openRegular(ctx, from)
	if err != nil {
		return nil, err
	}
	if f.content.format == plain {
		s, err := ready(s, s.mapUntil(to))
		return &plainRange{stream: s, limit: to - from}, err
	}
	r := &memberRange{stream: s, file: f, limit: math.MaxInt64, section: to - from, last: to == f.found.size()}
	if err := r.decode(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return r, nil
}

// checkStart returns an error if the range that begins at from shows that the
// content of the file is certainly not CSV.
func (f *File) checkStart(ctx context.Context, from int64) error {
	if f.Err() != nil || f.content.format == plain || from > 0 {
		return f.Err()
	}
	s, err := f.open(ctx)
	if err != nil {
		return err
	}
	_, err = io.CopyN(io.Discard, s, headSize)
	closeErr := s.Close()
	if _, ok := errors.AsType[*FormatError](err); ok {
		return err
	}
	return closeErr // reading the range reports other errors
}

// Modified returns the modification time of the file when it was found.
func (f *File) Modified() time.Time { return f.found.modified() }

// Plain reports whether the bytes of the file are those that are counted: it is
// not compressed, and there is no command.
func (f *File) Plain() bool { return f.content.format == plain && f.pre == nil }

// plainRange is a range of an uncompressed file.
type plainRange struct {
	*stream
	limit int64
}

// Info implements the method that [engine.Splitter] requires.
func (r *plainRange) Info() engine.StreamInfo {
	info := r.stream.Info()
	info.Limit = r.limit
	return info
}

// memberRange is a range of a compressed file: the members up to the next
// range, then the members after it.
type memberRange struct {
	*stream
	file    *File
	decoder *decoder
	section int64 // remaining stored bytes up to the next range, unless last
	last    bool  // the decoder reads to the end of the file
	given   int64 // decoded bytes so far
	limit   int64
}

// Info implements the method that [engine.Splitter] requires.
func (r *memberRange) Info() engine.StreamInfo {
	info := r.stream.Info()
	info.Limit, info.Checked = r.limit, true
	return info
}

// decode starts a decoder at the next stored byte.
func (r *memberRange) decode() (err error) {
	var stored io.Reader = r.stream
	if !r.last {
		stored = io.LimitReader(r.stream, r.section)
	}
	r.decoder, err = newDecoder(stored, r.file.content.format, r.file.opts.maxWindow())
	if err == nil && !r.last {
		r.decoder.refusePadding()
	}
	return err
}

func (r *memberRange) Read(p []byte) (int, error) {
	n, err := r.decoder.Read(p)
	r.given += int64(n)
	if err != io.EOF {
		return n, err
	}
	if r.limit == math.MaxInt64 {
		r.limit = r.given
	}
	if r.last {
		return n, io.EOF
	}
	r.last = true
	return n, errors.Join(r.decoder.Close(), r.decode())
}

// Window implements [parser.Windower].
func (r *memberRange) Window(unread int) []byte {
	data := r.decoder.Window(unread)
	if len(data) > 0 {
		r.given += int64(len(data) - unread)
	}
	return data
}

// Close implements io.Closer.
func (r *memberRange) Close() error { return errors.Join(r.decoder.Close(), r.stream.Close()) }

// Boundary implements [engine.Splitter].
func (f *File) Boundary(ctx context.Context, at int64) (place int64, err error) {
	switch {
	case f.Plain():
		return at, nil
	case f.content.format.magic() == nil:
		return f.found.size(), nil
	}
	s, err := f.openRegular(ctx, at)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f.findMember(ctx, s, at)
}

// findMember returns the offset in the file of the first member in r, which
// begins at the offset at.
func (f *File) findMember(ctx context.Context, r io.Reader, at int64) (int64, error) {
	overlap := len(f.content.format.magic()) - 1
	buf := make([]byte, inputSize)
	for kept, stop := 0, at+searchLimit; at < stop; {
		n, err := r.Read(buf[kept:])
		if err != nil && err != io.EOF {
			return 0, err
		}
		seen := buf[:kept+n]
		if i := f.memberIn(ctx, seen, at); i >= 0 {
			return at + int64(i), nil
		}
		if err == io.EOF {
			break
		}
		kept = min(len(seen), overlap)
		at += int64(len(seen) - kept)
		copy(buf, seen[len(seen)-kept:])
	}
	return f.found.size(), nil
}

// memberIn returns the index of the first member in seen, or -1. seen begins at
// the offset at of the file.
func (f *File) memberIn(ctx context.Context, seen []byte, at int64) int {
	magic := f.content.format.magic()
	for i := 0; ; i++ {
		next := bytes.Index(seen[i:], magic)
		if next < 0 {
			return -1
		}
		if i += next; f.decodable(ctx, at+int64(i)) {
			return i
		}
	}
}

// decodable reports whether data can be decoded from the offset at on.
func (f *File) decodable(ctx context.Context, at int64) bool {
	r, err := f.OpenRange(ctx, at, f.found.size())
	if err != nil {
		return false
	}
	n, err := io.CopyN(io.Discard, r, inputSize)
	return r.Close() == nil && (err == nil || err == io.EOF && n > 0)
}
