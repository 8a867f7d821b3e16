package sources

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

// Default maximum windows of zstd data in bytes. The decoder allocates the
// window before it decodes the first byte, and a frame of 24 bytes can request
// any size, so servers get a lower limit than files.
const (
	DefaultFileWindow = 128 << 20
	DefaultHTTPWindow = 8 << 20
)

// inputSize is the size of reads of compressed data in bytes.
const inputSize = 64 << 10

// decoder decodes one compressed stream. A failure of the source takes
// precedence over an error of the decoder that results from it. Read returns
// io.EOF only if both the source and the decoder reached their ends.
type decoder struct {
	src       *source
	dec       io.Reader
	release   func()
	format    format
	maxWindow uint64
	frames    zstdFrames // read from src, if it is zstd
	err       error
}

// newDecoder returns a decoder of r, whose format must not be plain. It starts
// no goroutines, and holds a window of at most maxWindow bytes until it is
// closed.
func newDecoder(r io.Reader, f format, maxWindow uint64) (*decoder, error) {
	d := &decoder{src: &source{r: r}, release: func() {}, format: f, maxWindow: maxWindow}
	switch f {
	case gzipped:
		g := newGunzip(d.src)
		d.dec, d.release = g, g.release
		return d, nil
	case bzipped:
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

func (d *decoder) Read(p []byte) (int, error) {
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

// Window implements [parser.Windower].
func (d *decoder) Window(unread int) []byte {
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

// refusePadding makes zeros after a gzip member an error, for a range that is
// not the end of the file.
func (d *decoder) refusePadding() {
	if g, ok := d.dec.(*gunzip); ok {
		g.unpadded = true
	}
}

// proof returns the proof of completeness of the decoded data. It is valid once
// Read has returned io.EOF.
func (d *decoder) proof() engine.Proof {
	g, isGzip := d.dec.(*gunzip)
	switch {
	case isGzip && g.later, d.format == bzipped && d.err == io.EOF, d.frames.allChecked():
		return engine.ProofChecksum
	case d.frames.number > 0:
		return engine.ProofFraming
	}
	return engine.ProofNone
}

func (d *decoder) explain(err error) error {
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

// Close releases the decoder's memory. It does not close the source.
func (d *decoder) Close() error {
	d.release()
	return nil
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
