package sources

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"fastcount/engine"
	"fastcount/internal/compression"
	"fastcount/internal/filter"
	"fastcount/parser"
)

// Default maximum windows of zstd data in bytes. The decoder allocates the
// window before it decodes the first byte, and a frame of 24 bytes can request
// any size, so servers get a lower limit than files.
const (
	DefaultFileWindow = 128 << 20
	DefaultHTTPWindow = 8 << 20
)

// A stream has the methods that [engine.Part] and [engine.Splitter] describe.
var _ interface {
	io.ReadCloser
	parser.Windower
	Guard(f func() error) error
	Info() engine.StreamInfo
} = (*stream)(nil)

// stream is one attempt to read a part: a reader and the layers underneath.
type stream struct {
	io.Reader                              // decoded bytes
	raw       *source                      // undecoded bytes
	proof     engine.Proof                 // of the undecoded bytes, after io.EOF
	checked   bool                         // see [engine.StreamInfo]
	seems     *atomic.Pointer[FormatError] // what the data seems to be instead of CSV; may be nil
	process   *filter.Process              // that the raw bytes are the output of, or nil
	object    *object                      // of an HTTP response that other requests can continue, or nil
	decoders  []*compression.Reader        // bottom first
	closers   []func() error               // bottom first
}

// newStream returns a stream of r. Closing it calls closer, unless that is nil.
func newStream(r io.Reader, closer func() error) *stream {
	raw := &source{r: r}
	s := &stream{Reader: raw, raw: raw}
	if closer != nil {
		s.closers = append(s.closers, closer)
	}
	return s
}

// decode adds a decoder to the stream, unless its data is plain.
func (s *stream) decode(f compression.Format, maxWindow uint64) error {
	switch f {
	case compression.Plain:
		return nil
	case compression.Zip:
		return errZip
	}
	d, err := compression.NewReader(s.Reader, f, maxWindow)
	if err != nil {
		return err
	}
	s.add(d)
	return nil
}

// add adds a decoder, which reads the stream so far.
func (s *stream) add(d *compression.Reader) {
	s.Reader = d
	s.checked = true
	s.decoders = append(s.decoders, d)
	s.closers = append(s.closers, d.Close)
}

// decodeDeclared decodes the stream, which is in format f according to the
// server.
func (s *stream) decodeDeclared(f compression.Format, maxWindow uint64) error {
	if f == compression.Plain {
		return nil
	}
	found, certain, r := compression.Sniff(s.Reader)
	s.Reader = r
	if found != f && certain {
		return mark(ErrCorrupt, fmt.Errorf("%w: the data is not %v", ErrMislabeled, f))
	}
	return s.decode(f, maxWindow)
}

// decodeSniffed detects the compression of the stream by its first bytes,
// decodes it, and makes Read refuse data that is certainly not CSV.
func (s *stream) decodeSniffed(maxWindow uint64) error {
	f, _, r := compression.Sniff(s.Reader)
	s.Reader = r
	return s.decodeContent(f, maxWindow)
}

// decodeContent decodes a stream of the format f, and makes Read refuse content
// that is certainly not CSV.
func (s *stream) decodeContent(f compression.Format, maxWindow uint64) error {
	if err := s.decode(f, maxWindow); err != nil {
		return err
	}
	s.Reader = &inspector{r: s.Reader, found: s.examine}
	return nil
}

// examine records what the first bytes of decoded data show, and returns why
// the data is refused, or nil.
func (s *stream) examine(c recognition) error {
	if s.seems != nil {
		s.seems.Store(c.resembles)
	}
	switch c.format {
	case compression.Plain:
		return c.refused
	case compression.Zip:
		return errZip
	}
	return errTwice
}

// Window implements [parser.Windower].
func (s *stream) Window(unread int) []byte {
	if w, ok := s.Reader.(parser.Windower); ok {
		return w.Window(unread)
	}
	return nil
}

// Guard calls f, which reads windows of the stream.
func (s *stream) Guard(f func() error) error {
	if r, ok := s.raw.r.(*regularReader); ok {
		return r.Guard(f)
	}
	return f()
}

// Info returns facts about the stream.
func (s *stream) Info() engine.StreamInfo {
	info := engine.StreamInfo{Proof: s.strongest(), Checked: s.checked, RawBytes: s.raw.n, Waited: s.raw.in}
	switch r := s.raw.r.(type) {
	case *regularReader:
		info.Mapped = r.mapped
	case *objectReader:
		info.Retries = r.retries
	}
	if s.process != nil {
		info.RawBytes = s.process.Consumed()
	}
	return info
}

// strongest returns the strongest proof that holds.
func (s *stream) strongest() engine.Proof {
	strongest := s.proof
	for _, d := range s.decoders {
		strongest = max(strongest, d.Proof())
	}
	return strongest
}

// Close closes all layers, the last added first.
func (s *stream) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// source counts the bytes of a reader, measures the time that they take, and
// keeps the error that ended it.
type source struct {
	r   io.Reader
	n   int64
	in  time.Duration // spent in r
	err error         // the first error of r

	limit int64 // if not 0, Read returns errTooLong after more bytes
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	begin := time.Now()
	n, err := s.r.Read(p)
	s.in += time.Since(begin)
	s.n += int64(n)
	if s.limit > 0 && s.n > s.limit {
		err = errTooLong
	}
	s.err = err
	return n, err
}

// Window implements [parser.Windower].
func (s *source) Window(unread int) []byte {
	w, ok := s.r.(parser.Windower)
	if !ok || s.err != nil {
		return nil
	}
	begin := time.Now()
	data := w.Window(unread)
	s.in += time.Since(begin)
	s.n += int64(max(0, len(data)-unread))
	return data
}

// rawSlack is the number of bytes by which the compressed form of a response of
// the API may exceed the limit of its content. It bounds a response that
// consists of empty gzip members or zstd frames.
const rawSlack = 64 << 10

// ready returns s, or closes it if there is an error.
func ready(s *stream, err error) (*stream, error) {
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
