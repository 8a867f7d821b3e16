package compression

import (
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"sync"

	"fastcount/internal/inflate"
)

// NewMember returns a reader of a member of a zip archive, whose data is
// stored, or compressed with Deflate. Read returns an error that matches
// [ErrCorrupt] unless the data has the size in bytes and the CRC-32 that the
// directory of the archive declares, and r ends after it.
func NewMember(r io.Reader, deflated bool, size int64, sum uint32) *Reader {
	d := &Reader{src: &input{r: r}, format: Zip}
	v := newVerifier(d.src, deflated, size, sum)
	d.dec, d.release = v, v.release
	return d
}

// verifier compares the size and the checksum of decompressed data with those
// that the directory of an archive holds.
type verifier struct {
	*inflateMemory
	data io.Reader // decompressed
	size int64     // bytes that are missing
	sum  hash.Hash32
	want uint32
}

// inflateMemory is the memory of a verifier.
type inflateMemory struct {
	in      inflate.Input // compressed
	deflate inflate.Reader
}

var inflateMemories = sync.Pool{New: func() any { return new(inflateMemory) }}

func newVerifier(r io.Reader, deflated bool, size int64, want uint32) *verifier {
	v := &verifier{inflateMemory: inflateMemories.Get().(*inflateMemory), size: size, sum: crc32.NewIEEE(), want: want}
	v.in.Reset(r)
	v.data = &v.in
	if deflated {
		v.deflate.Reset(&v.in)
		v.data = &v.deflate
	}
	return v
}

// release makes the memory available to others. v must not be read afterwards.
func (v *verifier) release() {
	if v.inflateMemory == nil {
		return
	}
	v.in.Reset(nil)
	inflateMemories.Put(v.inflateMemory)
	v.inflateMemory = nil
}

// errMember is the error of a member whose data differs from the directory.
var errMember = errors.New("the data of the member does not have the size and CRC-32 of the directory")

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.data.Read(p)
	v.size -= int64(n)
	v.sum.Write(p[:n])
	switch {
	case v.size < 0:
		return n, errMember
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, errors.New("the compressed data of the member has no end")
	case err != io.EOF:
		return n, err
	case v.size > 0 || v.sum.Sum32() != v.want:
		return n, errMember
	}
	if _, err := v.in.ReadByte(); err != io.EOF {
		return n, errMember // or a failure of the source, which takes precedence
	}
	return n, io.EOF
}
