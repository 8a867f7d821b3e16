package inflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"testing"

	kflate "github.com/klauspost/compress/flate"
)

// result is what a decoder makes of a stream.
type result struct {
	data []byte
	rest int // bytes after the stream, if there is no error
	err  error
}

// class returns the kind of an error: none, truncated or corrupt.
func (r result) class() string {
	switch {
	case r.err == nil:
		return "none"
	case errors.Is(r.err, io.ErrUnexpectedEOF):
		return "truncated"
	}
	return "corrupt"
}

func (r result) String() string {
	return fmt.Sprintf("%d bytes, %d after, %s (%v)", len(r.data), r.rest, r.class(), r.err)
}

// decoders decode one stream after another with the same memory.
type decoders struct {
	in         Input
	fast, slow Reader
	std, kp    io.ReadCloser
}

func newDecoders() *decoders {
	return &decoders{slow: Reader{slow: true}, std: flate.NewReader(nil), kp: kflate.NewReader(nil)}
}

// own decodes a stream with a Reader of this package.
func (d *decoders) own(r *Reader, src io.Reader) result {
	d.in.Reset(src)
	return readFrom(&d.in, r)
}

// readFrom decodes a stream, and reads what follows it.
func readFrom(in *Input, r *Reader) (got result) {
	r.Reset(in)
	for got.err == nil {
		var p []byte
		p, got.err = r.Next()
		got.data = append(got.data, p...)
	}
	if got.err == io.EOF {
		got.err = nil
	}
	if got.err == nil {
		n, err := io.Copy(io.Discard, in)
		got.rest, got.err = int(n), err
	}
	return got
}

// other decodes a stream with another package.
func (d *decoders) other(dec io.ReadCloser, stream []byte) (got result) {
	r := bytes.NewReader(stream)
	if got.err = dec.(flate.Resetter).Reset(r, nil); got.err != nil {
		return got
	}
	got.data, got.err = io.ReadAll(dec)
	if got.err == nil {
		got.rest = r.Len()
	}
	return got
}

// compare decodes a stream with the fast loop, symbol by symbol, with
// compress/flate and with klauspost/compress, and returns the first result. The
// first three must agree in everything, with one exception: a code without an
// end of the block is refused at once, not at the end of the input. The last
// one must agree on which streams are valid, and on their data, except that it
// accepts some uses of the bit that a code of one codeword does not use.
func (d *decoders) compare(t testing.TB, stream []byte) result {
	t.Helper()
	fast, slow := d.own(&d.fast, bytes.NewReader(stream)), d.own(&d.slow, bytes.NewReader(stream))
	if !bytes.Equal(fast.data, slow.data) || fast.rest != slow.rest || fmt.Sprint(fast.err) != fmt.Sprint(slow.err) {
		t.Fatalf("% x: fast loop: %v, symbol by symbol: %v", stream, fast, slow)
	}
	std := d.other(d.std, stream)
	early := errors.Is(fast.err, ErrNoEndOfBlock) && std.err != nil && bytes.HasPrefix(std.data, fast.data)
	if !early && (!bytes.Equal(fast.data, std.data) || fast.rest != std.rest || fast.class() != std.class()) {
		t.Fatalf("% x: got %v, compress/flate: %v", stream, fast, std)
	}
	kp := d.other(d.kp, stream)
	accepts := kp.err == nil && !errors.Is(fast.err, ErrInvalidCode)
	if (fast.err == nil) != accepts || fast.err == nil && !bytes.Equal(fast.data, kp.data) {
		t.Fatalf("% x: got %v, klauspost/compress: %v", stream, fast, kp)
	}
	return fast
}
