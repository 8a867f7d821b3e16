package sources

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"fastcount/engine"
)

// The default limits of the window that zstd data may ask for, in bytes. A frame of 24 bytes can ask for any size, and
// gets it before its first byte is decoded; a server is trusted less than a file.
const (
	DefaultFileWindow = 128 << 20
	DefaultHTTPWindow = 8 << 20
)

// inputSize is how many compressed bytes are read at once.
const inputSize = 64 << 10

// format is how bytes are compressed.
type format uint8

const (
	plain format = iota
	gzipped
	zstandard
)

func (f format) String() string { return [...]string{"plain", "gzip", "zstd"}[f] }

const (
	gzipMagic      = "\x1f\x8b"
	zstdMagic      = "\x28\xb5\x2f\xfd"
	skippableMagic = "\x2a\x4d\x18" // of a zstd frame without data, behind a byte from 0x50 to 0x5f
)

// magic returns how the data of a member or frame begins. Every member of a gzip file is compressed in the one way that
// there is, whose number follows the magic.
func (f format) magic() []byte {
	if f == gzipped {
		return []byte(gzipMagic + "\x08")
	}
	return []byte(zstdMagic)
}

// magicSize is how many first bytes tell the formats apart.
const magicSize = 4

// formatOf tells the format by the first bytes of the data, magicSize of them unless the data is shorter. No CSV that
// is worth counting begins with one of these sequences: each holds a control character.
func formatOf(head []byte) format {
	switch {
	case bytes.HasPrefix(head, []byte(gzipMagic)):
		return gzipped
	case bytes.HasPrefix(head, []byte(zstdMagic)):
		return zstandard
	case len(head) == magicSize && head[0]&0xf0 == 0x50 && string(head[1:]) == skippableMagic:
		return zstandard
	}
	return plain
}

// sniff recognises the format of what r holds and returns a reader of all of it, the first bytes included. It reads
// no further than it must, and an error on the way comes out of the reader in its place.
func sniff(r io.Reader) (format, io.Reader) {
	p := &prefixed{r: r}
	p.head, p.err = readHead(r)
	return formatOf(p.head), p
}

// readHead reads until it has magicSize bytes or r fails.
func readHead(r io.Reader) (head []byte, err error) {
	buf := make([]byte, magicSize)
	n := 0
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return buf[:n], err
}

// prefixed gives back what was read from r already, and then goes on.
type prefixed struct {
	head []byte
	err  error // what came with the head
	r    io.Reader
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

// decoder decodes one compressed stream and says truly how it ended: a failure of the source outranks whatever the
// decoder made of it, and io.EOF means that source and decoder both came to their ends.
type decoder struct {
	src       *source
	dec       io.Reader
	release   func()
	format    format
	maxWindow uint64
	frames    zstdFrames // of what src gave, if it is zstd
	err       error
}

// newDecoder returns a decoder of what r holds in one of the compressed formats. It runs in the goroutine that reads
// and holds a window of at most maxWindow bytes until it is closed.
func newDecoder(r io.Reader, f format, maxWindow uint64) (*decoder, error) {
	d := &decoder{src: &source{r: r}, release: func() {}, format: f, maxWindow: maxWindow}
	if f == gzipped {
		d.dec = &gunzip{in: bufio.NewReaderSize(d.src, inputSize)}
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

// refusePadding makes zeros behind a gzip member an error: something follows them.
func (d *decoder) refusePadding() {
	if g, ok := d.dec.(*gunzip); ok {
		g.unpadded = true
	}
}

// proof returns what proves the end of what was decoded, once Read has returned
// io.EOF.
func (d *decoder) proof() engine.Proof {
	g, isGzip := d.dec.(*gunzip)
	switch {
	case isGzip && g.later, d.frames.allChecked():
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

// gunzip reads gzip members up to the end of the input, as gzip(1) does: zeros may follow the last member, nothing else.
type gunzip struct {
	in     *bufio.Reader
	z      gzip.Reader
	inside bool // a member has begun and not ended
	later  bool // a member has ended

	unpadded bool // no zeros may follow
}

var errTrailing = errors.New("something else follows the last gzip member")

func (g *gunzip) Read(p []byte) (int, error) {
	for {
		if !g.inside {
			if err := g.next(); err != nil {
				return 0, err
			}
		}
		n, err := g.z.Read(p)
		if err == io.EOF {
			g.inside, g.later = false, true
			err = nil
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// next begins the next member, or returns io.EOF where there is none.
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
	err = g.z.Reset(g.in)
	if err == io.EOF { // within the header
		return io.ErrUnexpectedEOF
	}
	g.z.Multistream(false)
	g.inside = err == nil
	return err
}

// padding reads zeros up to the end.
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
