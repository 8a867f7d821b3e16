// Package compression recognizes and decodes compressed data: gzip, zstd,
// bzip2, and the members of zip archives.
//
// A [Format] is recognized by the first bytes of data, never by a name. A
// [Reader] returns [io.EOF] only where its format may end, at the end of the
// input, and if the checksums that the data contains are right. Only further
// gzip members, zstd frames or bzip2 streams may follow the first, and zeros
// the last gzip member.
//
// A frame of zstd of 24 bytes can request a window of any size, which is
// allocated before the first byte is decoded, and so windows have a limit. The
// amount of decoded data is not limited.
//
// The decoded bytes are not inspected.
package compression

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"fastcount/engine"
	"fastcount/internal/inflate"
	"fastcount/parser"
)

// inputSize is the size of reads of compressed data in bytes.
const inputSize = 64 << 10

var (
	// ErrTruncated is returned if compressed data ends early.
	ErrTruncated = errors.New("compressed data is truncated")

	// ErrCorrupt is returned if compressed data is corrupt, or followed by
	// other data.
	ErrCorrupt = errors.New("compressed data is corrupt")

	// ErrWindow is returned if zstd data requires a window, and so memory,
	// beyond the limit.
	ErrWindow = errors.New("zstd data needs a window larger than the limit")
)

// A Reader decodes one compressed stream: gzip members, zstd frames or bzip2
// streams up to the end of the input, or one member of a zip archive. It starts
// no goroutines. It is not safe for concurrent use.
type Reader struct {
	src       *input
	dec       io.Reader
	release   func()
	format    Format
	maxWindow uint64
	frames    zstdFrames // read from src, if it is zstd
	err       error
}

// NewReader returns a reader of r, whose format must be Gzip, Zstd or Bzip2.
// Until it is closed, it holds memory: for zstd a window of at most maxWindow
// bytes, for the others an amount that the format limits. The error means that
// zstd has no window as small as maxWindow.
func NewReader(r io.Reader, f Format, maxWindow uint64) (*Reader, error) {
	d := &Reader{src: &input{r: r}, release: func() {}, format: f, maxWindow: maxWindow}
	switch f {
	case Gzip:
		g := newGunzip(d.src)
		d.dec, d.release = g, g.release
		return d, nil
	case Bzip2:
		d.dec = bzip2.NewReader(bufio.NewReaderSize(d.src, inputSize))
		return d, nil
	}
	d.src.seen = d.frames.add
	z, err := zstd.NewReader(bufio.NewReaderSize(d.src, inputSize), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, fmt.Errorf("zstd window limit of %d bytes: %w", maxWindow, err)
	}
	d.dec, d.release = z, z.Close
	return d, nil
}

// Read returns io.EOF only if both the input and the decoder reached their
// ends. An error of the input takes precedence over one of the decoder that
// results from it, and is returned as it is. Other errors match [ErrTruncated],
// [ErrCorrupt] or [ErrWindow], and every later call returns the first error.
func (d *Reader) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.dec.Read(p)
	if err != nil {
		d.err = d.explain(err)
	}
	return n, d.err
}

// A window may be read as far after its end as a parser requires.
const _ = uint(inflate.Slack - parser.Slack)

// Window implements [parser.Windower]. There are windows of gzip data only.
func (d *Reader) Window(unread int) []byte {
	g, ok := d.dec.(*gunzip)
	if !ok || d.err != nil {
		return nil
	}
	data, err := g.window(unread)
	if err != nil {
		d.err = d.explain(err)
	}
	return data
}

// RefusePadding makes zeros after a gzip member an error, for a range that is
// not the end of the file. It is called before the first Read.
func (d *Reader) RefusePadding() {
	if g, ok := d.dec.(*gunzip); ok {
		g.unpadded = true
	}
}

// Proof returns the proof of completeness of the decoded data that its format
// holds: a checksum of all of it, or the framing of zstd. It is valid once Read
// has returned io.EOF. It is ProofNone for a member of an archive.
func (d *Reader) Proof() engine.Proof {
	g, isGzip := d.dec.(*gunzip)
	switch {
	case isGzip && g.later, d.format == Bzip2 && d.err == io.EOF, d.frames.allChecked():
		return engine.ProofChecksum
	case d.frames.number > 0:
		return engine.ProofFraming
	}
	return engine.ProofNone
}

func (d *Reader) explain(err error) error {
	switch {
	case d.src.failed() != nil:
		return d.src.err
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("%w of %d bytes", ErrWindow, d.maxWindow)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%v %w", d.format, ErrTruncated)
	}
	return fmt.Errorf("%v %w: %v", d.format, ErrCorrupt, err)
}

// Close releases the memory of the reader, which must not be used afterwards.
// It does not close the input, and returns nil.
func (d *Reader) Close() error {
	d.release()
	return nil
}

// input records the error that ended a reader. Decoders replace the errors of
// their inputs, some even by io.EOF.
type input struct {
	r    io.Reader
	err  error          // the first error of r
	seen func(p []byte) // if set, called with the bytes of each Read
}

func (i *input) Read(p []byte) (int, error) {
	if i.err != nil {
		return 0, i.err
	}
	n, err := i.r.Read(p)
	if i.seen != nil {
		i.seen(p[:n])
	}
	i.err = err
	return n, err
}

// failed returns the error of the input, or nil if that is nil or io.EOF.
func (i *input) failed() error {
	if i.err == io.EOF {
		return nil
	}
	return i.err
}

// gunzip reads gzip members up to the end of the input. As with gzip(1),
// nothing but zeros may follow the last member.
type gunzip struct {
	*gunzipMemory
	inside bool // a member has begun and not ended
	later  bool // a member has ended

	unpadded bool // no zeros may follow
}

// gunzipMemory is the memory of a gunzip.
type gunzipMemory struct {
	in     inflate.Input
	member inflate.Member
}

var gunzipMemories = sync.Pool{New: func() any { return new(gunzipMemory) }}

func newGunzip(r io.Reader) *gunzip {
	g := &gunzip{gunzipMemory: gunzipMemories.Get().(*gunzipMemory)}
	g.in.Reset(r)
	return g
}

// release makes the memory available to others. g must not be read afterwards.
func (g *gunzip) release() {
	if g.gunzipMemory == nil {
		return
	}
	g.in.Reset(nil)
	g.member.Clear()
	gunzipMemories.Put(g.gunzipMemory)
	g.gunzipMemory = nil
}

var errTrailing = errors.New("unexpected data after the last gzip member")

func (g *gunzip) Read(p []byte) (int, error) {
	for {
		if !g.inside {
			if err := g.next(); err != nil {
				return 0, err
			}
		}
		n, err := g.member.Read(p)
		if err == io.EOF {
			g.inside, g.later = false, true
			err = nil
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// window returns the last unread bytes that were returned, and the next ones.
// It returns neither bytes nor an error if Read must be used instead.
func (g *gunzip) window(unread int) ([]byte, error) {
	for {
		if !g.inside {
			if err := g.next(); err != nil {
				return nil, err
			}
		}
		data, err := g.member.Window(unread)
		if err != io.EOF {
			return data, err
		}
		g.inside, g.later = false, true
	}
}

// next begins the next member, or returns io.EOF if there are no more.
func (g *gunzip) next() error {
	head, err := g.in.Peek(len(gzipMagic))
	switch {
	case len(head) == 0:
		return err
	case g.later && head[0] == 0 && !g.unpadded:
		return g.padding()
	case g.later && !strings.HasPrefix(gzipMagic, string(head)):
		return errTrailing
	}
	err = g.member.Reset(&g.in)
	g.inside = err == nil
	return err
}

// padding reads zeros up to the end of the input.
func (g *gunzip) padding() error {
	for {
		b, err := g.in.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return errTrailing
		}
	}
}
