package sources

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"fastcount/engine"
)

const (
	maxRedirects = 3
	maxDetail    = 64 << 10 // bytes that are read of an error's body
)

// fetch asks for u and returns the answer's bytes, free of their Content-Encoding. Only a 200 whose Content-Type is
// accepted is an answer. Failures of the transfer, of fetch and of the stream, match ErrExhausted.
func (c *Client) fetch(ctx context.Context, u *url.URL, accept func(mediaType string) error) (*stream, error) {
	reqCtx, cancel := context.WithCancel(ctx)
	resp, err := c.follow(reqCtx, u)
	if err != nil {
		cancel()
		return nil, transferError(ctx, err)
	}
	s := newBody(ctx, resp, c.opts.IdleTimeout, cancel)
	if err := c.check(resp, s, accept); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// check looks at the answer's status and headers, and decodes its content.
func (c *Client) check(resp *http.Response, s *stream, accept func(string) error) error {
	f, err := contentEncoding(resp.Header)
	if err == nil {
		err = s.decode(f, c.opts.MaxWindow)
	}
	if resp.StatusCode != http.StatusOK {
		return newStatusError(resp, s, err == nil)
	}
	if err != nil {
		return err
	}
	mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil && mediaType == "" { // a type that cannot be read forbids nothing
		return nil
	}
	return accept(mediaType)
}

// follow sends the request, and again wherever the server redirects it within the origin.
func (c *Client) follow(ctx context.Context, u *url.URL) (*http.Response, error) {
	for hops := 0; ; hops++ {
		resp, err := c.transport.RoundTrip(c.request(ctx, u))
		if err != nil || !isRedirect(resp) {
			return resp, err
		}
		_ = resp.Body.Close() // nothing of a redirect's body is wanted
		if u, err = redirected(u, resp, hops); err != nil {
			return nil, err
		}
	}
}

// request is the one place where secrets are put on the wire.
func (c *Client) request(ctx context.Context, u *url.URL) *http.Request {
	header := make(http.Header)
	header.Set("User-Agent", c.opts.UserAgent)
	if c.server != nil && origin(u) == origin(c.server) {
		for name, values := range c.opts.Header {
			header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
		if c.opts.Token != "" {
			header.Set("Authorization", "Bearer "+c.opts.Token)
		}
	}
	header.Set("Accept-Encoding", "zstd, gzip")
	return (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: header}).WithContext(ctx)
}

func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirected returns where the answer to u sends its client. Its errors match ErrRedirect and tell no more of the
// place than the origin.
func redirected(u *url.URL, resp *http.Response, hops int) (*url.URL, error) {
	if hops == maxRedirects {
		return nil, fmt.Errorf("%w: more than %d in a row", ErrRedirect, maxRedirects)
	}
	to, err := u.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" {
		return nil, fmt.Errorf("%w: the server's answer %d says no valid place", ErrRedirect, resp.StatusCode)
	}
	if origin(to) != origin(u) || to.User != nil {
		return nil, fmt.Errorf("%w: to another origin, %s", ErrRedirect, quote(to.Scheme+"://"+to.Host))
	}
	return to, nil
}

// contentEncoding tells how the answer's content is encoded.
func contentEncoding(h http.Header) (format, error) {
	encoding := strings.Join(h.Values("Content-Encoding"), ",")
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return plain, nil
	case "gzip", "x-gzip":
		return gzipped, nil
	case "zstd":
		return zstandard, nil
	}
	return plain, fmt.Errorf("%w: the server sent Content-Encoding %s", ErrContent, quote(encoding))
}

// newStatusError describes an answer that is no 200. What cannot be read of its body is left out: the status says more.
func newStatusError(resp *http.Response, body io.Reader, readable bool) error {
	e := &StatusError{Code: resp.StatusCode, RetryAfter: parseRetryAfter(resp.Header.Get("Retry-After"), time.Now())}
	if readable {
		if text, err := readAll(body, maxDetail); err == nil {
			e.Detail = errorDetail(text)
		}
	}
	return e
}

// errTooLong says that readAll met its limit.
var errTooLong = errors.New("too long")

// readAll reads r to its end, which only io.EOF is, and at most limit bytes.
func readAll(r io.Reader, limit int) ([]byte, error) {
	buf := make([]byte, 0, 4<<10)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > limit:
			return nil, errTooLong
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, err
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, len(buf))
		}
	}
}

// body reads the bytes of an answer as they come over the wire.
type body struct {
	ctx   context.Context // of the attempt, not of the request
	watch *watchdog
}

// newBody returns a stream of the answer's body. cancel ends the request.
func newBody(ctx context.Context, resp *http.Response, idle time.Duration, cancel context.CancelFunc) *stream {
	s := newStream(&body{ctx, newWatchdog(resp.Body, idle, cancel)}, func() error {
		cancel()
		_ = resp.Body.Close() // the bytes that came are proven by their end, not by how the connection is left
		return nil
	})
	s.proof = proofOf(resp)
	s.checked = s.proof > engine.ProofNone
	return s
}

// proofOf returns what proves the end of a body that is read to io.EOF. net/http
// returns an error where Content-Length announces more than there is.
func proofOf(resp *http.Response) engine.Proof {
	switch {
	case resp.ContentLength >= 0:
		return engine.ProofLength
	case resp.ProtoMajor >= 2 || slices.Contains(resp.TransferEncoding, "chunked"):
		return engine.ProofFraming
	}
	return engine.ProofNone
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.watch.Read(p)
	if err != nil && err != io.EOF {
		err = transferError(b.ctx, err)
	}
	return n, err
}

// transferError tells what an error of net/http means: the end of ctx, which is the attempt's; something that another
// attempt cannot change; or else a failure of the transfer, which matches ErrExhausted.
func transferError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, final := range []error{ErrRedirect, ErrArgument} {
		if errors.Is(err, final) {
			return err
		}
	}
	if untrusted(err) {
		return mark(ErrDenied, cleanError{err})
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		// The error's own chain would match context.DeadlineExceeded, as if the caller's time were over.
		return mark(ErrExhausted, fmt.Errorf("%w: %s", ErrTimeout, clean(err.Error())))
	}
	return mark(ErrExhausted, cleanError{err})
}

// untrusted says whether err is of a server that does not prove, in TLS, that it is the right one.
func untrusted(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	return certificate || noTLS || errors.Is(err, http.ErrSchemeMismatch)
}

// cleanError is an error whose text may hold what a server sent, made fit to be shown.
type cleanError struct{ err error }

func (e cleanError) Error() string { return clean(e.err.Error()) }
func (e cleanError) Unwrap() error { return e.err }
