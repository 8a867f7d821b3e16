package sources

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"

	"fastcount/engine"
	"fastcount/internal/compression"
)

// Uncompressed data can be read from any byte on, compressed data from the
// beginning of a gzip member (RFC 1952, section 2.2) or a zstd frame (RFC 8878,
// section 3.1). Files made by bgzip, pzstd or cat contain many. There is no
// index of members, so they are found by their first bytes and by decoding
// their beginnings. If bytes that look like a member are not one, decoding the
// data before them fails, and so does the range.

// readSize is the size of reads of stored bytes that are not counted, in bytes.
const readSize = 64 << 10

// ranged is the data of a file or an object, as it is stored.
type ranged struct {
	size      int64
	content   recognition
	maxWindow uint64
	search    int64 // number of bytes that are searched for the beginning of a member

	// open returns a stream of the stored bytes from from on. Most callers stop
	// soon after to.
	open func(ctx context.Context, from, to int64) (*stream, error)
}

// openRange implements OpenRange of [engine.Splitter].
func (d ranged) openRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	if err := d.checkStart(ctx, from); err != nil {
		return nil, err
	}
	s, err := d.open(ctx, from, to)
	if err != nil {
		return nil, err
	}
	if d.content.format == compression.Plain {
		return &plainRange{stream: s, limit: to - from}, nil
	}
	r := &memberRange{stream: s, data: d, limit: math.MaxInt64, section: to - from, last: to == d.size}
	if err := r.decode(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return r, nil
}

// checkStart returns an error if the range that begins at from shows that the
// content is certainly not CSV.
func (d ranged) checkStart(ctx context.Context, from int64) error {
	if d.content.refused != nil || d.content.format == compression.Plain || from > 0 {
		return d.content.refused
	}
	s, err := d.open(ctx, 0, headSize)
	if err == nil {
		s, err = ready(s, s.decodeContent(d.content.format, d.maxWindow))
	}
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

// plainRange is a range of uncompressed data.
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

// memberRange is a range of compressed data: the members up to the next range,
// then the members after it.
type memberRange struct {
	*stream
	data    ranged
	decoder *compression.Reader
	section int64 // remaining stored bytes up to the next range, unless last
	last    bool  // the decoder reads to the end of the data
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
	r.decoder, err = compression.NewReader(stored, r.data.content.format, r.data.maxWindow)
	if err == nil && !r.last {
		r.decoder.RefusePadding()
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

// boundary implements Boundary of [engine.Splitter].
func (d ranged) boundary(ctx context.Context, at int64) (place int64, err error) {
	switch {
	case d.content.format == compression.Plain:
		return at, nil
	case d.content.format.Magic() == nil:
		return d.size, nil
	}
	s, err := d.open(ctx, at, at)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return d.findMember(ctx, s, at)
}

// findMember returns the offset of the first member in r, which begins at the
// offset at, or the size of the data if none is found.
func (d ranged) findMember(ctx context.Context, r io.Reader, at int64) (int64, error) {
	overlap := len(d.content.format.Magic()) - 1
	buf := make([]byte, readSize)
	for kept, stop := 0, at+d.search; at < stop; {
		n, err := r.Read(buf[kept:])
		if err != nil && err != io.EOF {
			return 0, err
		}
		seen := buf[:kept+n]
		if i := d.memberIn(ctx, seen, at); i >= 0 {
			return at + int64(i), nil
		}
		if err == io.EOF {
			break
		}
		kept = min(len(seen), overlap)
		at += int64(len(seen) - kept)
		copy(buf, seen[len(seen)-kept:])
	}
	return d.size, nil
}

// memberIn returns the index of the first member in seen, or -1. seen begins at
// the offset at of the data.
func (d ranged) memberIn(ctx context.Context, seen []byte, at int64) int {
	magic := d.content.format.Magic()
	for i := 0; ; i++ {
		next := bytes.Index(seen[i:], magic)
		if next < 0 {
			return -1
		}
		if i += next; d.decodable(ctx, at+int64(i)) {
			return i
		}
	}
}

// decodable reports whether data can be decoded from the offset at on.
func (d ranged) decodable(ctx context.Context, at int64) bool {
	s, err := d.open(ctx, at, at)
	if err == nil {
		s, err = ready(s, s.decode(d.content.format, d.maxWindow))
	}
	if err != nil {
		return false
	}
	n, err := io.CopyN(io.Discard, s, readSize)
	return s.Close() == nil && (err == nil || err == io.EOF && n > 0)
}
