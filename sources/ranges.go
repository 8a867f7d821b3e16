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

// A plain file can be read from any byte on. One that is compressed can be read from where a gzip member (RFC 1952,
// section 2.2) or a zstd frame (RFC 8878, section 3.1) begins; files made by bgzip or pzstd, or with cat, hold many.
// Where members begin is written nowhere, so they are looked for by their first bytes, and decoded a little. What looks
// like a member may still be none: then decoding what lies before it fails, and so does the range.

var (
	_ engine.Splitter    = (*File)(nil)
	_ engine.RangeStream = (*plainRange)(nil)
	_ engine.RangeStream = (*memberRange)(nil)
)

// searchLimit is how many bytes are searched for the beginning of a member. Decoding them takes 50 times as long as that.
const searchLimit = 1 << 30

// Size implements engine.Splitter. That of a FIFO or device means nothing.
func (f *File) Size() (size int64, ok bool) { return f.found.size(), f.regular() }

// OpenRange implements engine.Splitter.
func (f *File) OpenRange(ctx context.Context, from, to int64) (engine.RangeStream, error) {
	s, err := f.openRegular(ctx, from)
	if err != nil {
		return nil, err
	}
	if f.format == plain {
		return &plainRange{stream: s, limit: to - from}, nil
	}
	r := &memberRange{stream: s, file: f, limit: math.MaxInt64, section: to - from, last: to == f.found.size()}
	if err := r.decode(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return r, nil
}

// Modified returns when the file was last written to, as it was found.
func (f *File) Modified() time.Time { return f.found.modified() }

// Compressed reports whether the file is, by its first bytes.
func (f *File) Compressed() bool { return f.format != plain }

// plainRange is a range of a file that is not compressed.
type plainRange struct {
	*stream
	limit int64
}

// Limit implements engine.RangeStream.
func (r *plainRange) Limit() int64 { return r.limit }

// memberRange is a range of a compressed file: the members up to the next range, and then those that follow it.
type memberRange struct {
	*stream
	file    *File
	decoder *decoder
	section int64 // stored bytes that are left up to the next range; not used in the last one, or behind that
	last    bool  // nothing follows
	given   int64 // decoded bytes so far
	limit   int64
}

// Limit implements engine.RangeStream.
func (r *memberRange) Limit() int64 { return r.limit }

// Checked implements engine.Prover.
func (r *memberRange) Checked() bool { return true }

// decode begins to decode at the stored byte that comes next.
func (r *memberRange) decode() (err error) {
	var stored io.Reader = r.stream
	if !r.last {
		stored = io.LimitReader(r.stream, r.section)
	}
	r.decoder, err = newDecoder(stored, r.file.format, r.file.opts.maxWindow())
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

// Close implements io.Closer.
func (r *memberRange) Close() error { return errors.Join(r.decoder.Close(), r.stream.Close()) }

// Cut implements engine.Splitter.
func (f *File) Cut(ctx context.Context, at int64) (place int64, err error) {
	if f.format == plain {
		return at, nil
	}
	s, err := f.openRegular(ctx, at)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f.findMember(ctx, s, at)
}

// findMember returns where the first member in r begins, whose first byte is the byte at of the file.
func (f *File) findMember(ctx context.Context, r io.Reader, at int64) (int64, error) {
	overlap := len(f.format.magic()) - 1
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

// memberIn returns the index in seen, the bytes of the file from at on, of the first one with which a member begins, or -1.
func (f *File) memberIn(ctx context.Context, seen []byte, at int64) int {
	magic := f.format.magic()
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

// decodable reports whether something can be decoded from the stored byte at on.
func (f *File) decodable(ctx context.Context, at int64) bool {
	r, err := f.OpenRange(ctx, at, f.found.size())
	if err != nil {
		return false
	}
	n, err := io.CopyN(io.Discard, r, inputSize)
	return r.Close() == nil && (err == nil || err == io.EOF && n > 0)
}
