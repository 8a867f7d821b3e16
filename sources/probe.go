package sources

import (
	"context"
	"errors"
	"io"
	"net/http"

	"fastcount/engine"
	"fastcount/internal/compression"
)

// objectSearch is the number of bytes of an object that are searched for the
// beginning of a member. They are transferred for that alone.
const objectSearch = 8 << 20

// Probe asks the server, with one request, whether it sends ranges of the data
// at the URL. It must not be called during a run. Until ctx ends, the first
// Open uses the response of a server that does not send ranges. If Probe could
// not connect, the first Open returns its error instead of trying to connect
// once more. After any other error the URL is read as if Probe had not been
// called.
func (u *URL) Probe(ctx context.Context) error {
	if u.client.pre != nil {
		return nil // the command reads one stream
	}
	err := u.probe(ctx)
	if errors.Is(err, errUnreached) {
		u.absent.Store(&err)
	}
	return err
}

// Pin is like Probe, but repeats requests that fail, and makes u read only the
// data that is at the URL now. From then on, different data is an error that
// matches [ErrChanged], if the server sends ranges. Pin returns an error if the
// data is certainly not CSV.
func (u *URL) Pin(ctx context.Context) error {
	err := u.client.persist(ctx, u.url, u.name, func() error { return u.probe(ctx) })
	u.pinned = true
	return errors.Join(err, u.content.refused)
}

// Validator returns what distinguishes the data at the URL from earlier and
// later data, or "" if the server does not send ranges of it.
func (u *URL) Validator() string {
	if u.object == nil {
		return ""
	}
	return u.object.validator
}

// Plain reports whether the server sends ranges, and the bytes at the URL are
// those that are counted: they are not compressed, and there is no command.
func (u *URL) Plain() bool {
	return u.object != nil && u.content.format == compression.Plain && u.client.pre == nil
}

// Compressed reports whether the data at the URL is known to be compressed.
func (u *URL) Compressed() bool { return u.content.format != compression.Plain }

func (u *URL) probe(ctx context.Context) error {
	part := byteRange{to: headSize}
	s, resp, x, err := u.client.get(ctx, u.url, true, &part)
	if err != nil {
		return err
	}
	accept := acceptCSV
	if u.client.pre != nil {
		accept = acceptAny
	}
	switch resp.StatusCode {
	case http.StatusPartialContent:
		return errors.Join(acceptType(resp.Header, accept), u.examine(resp, s), s.Close())
	case http.StatusRequestedRangeNotSatisfiable: // the data is empty
		return s.Close()
	}
	if s, err = ready(s, u.client.check(resp, x, s, accept)); err != nil {
		return err
	}
	if !encoded(resp.Header) {
		u.size = resp.ContentLength
	}
	u.first.Store(s)
	return nil
}

// examine determines from a response with the first bytes whether the object
// can be read in ranges, and its format.
func (u *URL) examine(resp *http.Response, s *stream) error {
	first, end, size, err := partOf(resp)
	if err != nil || first != 0 || end > headSize || end < min(headSize, size) {
		return nil // it sends no ranges
	}
	u.size = size
	head, err := readHead(s)
	if err != nil && err != io.EOF {
		return err
	}
	if u.client.pre == nil {
		u.content = recognize(head)
	}
	if u.content.format == compression.Zip {
		u.content.refused = errZip
	}
	validator := validatorOf(resp.Header)
	repeated := u.client.redactor(u.url, nil).Redact(validator) != validator
	if validator != "" && !repeated && u.content.refused == nil {
		u.object = &object{size, validator}
	}
	return nil
}

// ranges returns the object at the URL.
func (u *URL) ranges() ranged {
	return ranged{size: u.size, content: u.content, maxWindow: u.client.opts.MaxWindow, search: objectSearch, open: u.openRange}
}

// openRange returns the bytes of the object, from from on, as they are stored.
func (u *URL) openRange(ctx context.Context, from, to int64) (*stream, error) {
	return u.newObjectReader(ctx, *u.object, from, to).stream(), nil
}

// stream returns a stream of r.
func (r *objectReader) stream() *stream {
	s := newStream(r, r.Close)
	s.proof, s.checked = engine.ProofLength, true
	return s
}

// OpenRange implements [engine.Splitter].
func (u *URL) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	if u.object == nil {
		return nil, noRange("no support for ranges")
	}
	return u.ranges().openRange(ctx, from, to)
}

// Boundary implements [engine.Splitter].
func (u *URL) Boundary(ctx context.Context, at int64) (int64, error) {
	if u.object == nil || u.client.pre != nil {
		return u.size, nil
	}
	return u.ranges().boundary(ctx, at)
}

// Identity returns the zero Identity: the query of a URL may hold a secret.
func (u *URL) Identity() Identity { return Identity{} }
