package compression

import (
	"bytes"
	"io"
	"strings"
)

// A Format is a format of data, as its first bytes show it.
type Format uint8

const (
	Plain Format = iota // none of the others
	Gzip
	Zstd
	Bzip2
	Zip // an archive, which is not decoded but has members
)

// String returns plain, gzip, zstd, bzip2 or zip.
func (f Format) String() string {
	return [...]string{"plain", "gzip", "zstd", "bzip2", "zip"}[f]
}

const (
	gzipMagic      = "\x1f\x8b"
	zstdMagic      = "\x28\xb5\x2f\xfd"
	skippableMagic = "\x2a\x4d\x18"             // of a zstd skippable frame, after a byte from 0x50 to 0x5f
	bzip2Magic     = "BZh"                      // before a digit
	blockMagic     = "\x31\x41\x59\x26\x53\x59" // of a bzip2 block, after the digit
	endMagic       = "\x17\x72\x45\x38\x50\x90" // of the end of bzip2 data, after the same
)

// zipMagics are the first bytes of an archive: of a local header, of the end of
// an archive without members, and of one file of a split archive.
var zipMagics = []string{"PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "PK00PK\x03\x04"}

const (
	magicSize = 10 // number of bytes that identify every format that is decoded
	zstdSize  = 4  // number of bytes that identify zstd
)

// Detect returns the format of data that begins with head. Ten bytes suffice.
// Each magic number contains a control character, so that no usable CSV begins
// with one.
func Detect(head []byte) Format {
	switch {
	case bytes.HasPrefix(head, []byte(gzipMagic)):
		return Gzip
	case bytes.HasPrefix(head, []byte(zstdMagic)):
		return Zstd
	case len(head) >= zstdSize && head[0]&0xf0 == 0x50 && string(head[1:zstdSize]) == skippableMagic:
		return Zstd
	case isBzip2(head):
		return Bzip2
	}
	for _, magic := range zipMagics {
		if bytes.HasPrefix(head, []byte(magic)) {
			return Zip
		}
	}
	return Plain
}

func isBzip2(head []byte) bool {
	if len(head) < magicSize || !bytes.HasPrefix(head, []byte(bzip2Magic)) || head[3] < '1' || head[3] > '9' {
		return false
	}
	next := string(head[4:magicSize])
	return next == blockMagic || next == endMagic
}

// undecided reports whether data that begins with head may be in a format that
// is decoded, which further bytes decide.
func undecided(head []byte) bool {
	if Detect(head) != Plain {
		return false
	}
	for _, magic := range append(zipMagics, gzipMagic, zstdMagic) {
		if strings.HasPrefix(magic, string(head)) {
			return true
		}
	}
	if len(head) < zstdSize && head[0]&0xf0 == 0x50 && strings.HasPrefix(skippableMagic, string(head[1:])) {
		return true
	}
	n := min(len(head), len(bzip2Magic))
	return string(head[:n]) == bzip2Magic[:n]
}

// Magic returns the first bytes of a gzip member or zstd frame, from which on
// data can be decoded, or nil for a format whose data cannot be read from the
// middle. For gzip they include the compression method, which is always 8.
func (f Format) Magic() []byte {
	switch f {
	case Gzip:
		return []byte(gzipMagic + "\x08")
	case Zstd:
		return []byte(zstdMagic)
	}
	return nil
}

// prefixed reads head and then r.
type prefixed struct {
	head []byte
	err  error // what came with the head
	r    io.Reader
}

// Sniff detects the format of r by its first bytes, and returns a reader of all
// of its data. It reads no more bytes than it must, since more may not come
// soon. certain is false if r ended before the format was decided, as within a
// magic number. The returned reader reports an error of the read.
func Sniff(r io.Reader) (f Format, certain bool, all io.Reader) {
	p := &prefixed{r: r}
	buf := make([]byte, magicSize)
	n := 0
	for n < magicSize && p.err == nil && undecided(buf[:n]) {
		var m int
		m, p.err = r.Read(buf[n:])
		n += m
	}
	p.head = buf[:n]
	return Detect(p.head), !undecided(p.head), p
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.head) > 0 {
		n := copy(b, p.head)
		p.head = p.head[n:]
		return n, nil
	}
	if p.err != nil {
		return 0, p.err
	}
	return p.r.Read(b)
}
