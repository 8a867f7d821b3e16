package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"fastcount/engine"
	"fastcount/internal/httpconn"
	"fastcount/internal/weburl"
)

const (
	maxRedirects = 3
	maxDetail    = 64 << 10 // maximum size of the body of an error response in bytes
)

// fetch requests u and returns the body of the response without its
// Content-Encoding. It returns an error unless the status is 200 and accept
// permits the Content-Type. away permits redirects to AllowRedirect. Errors of
// the transfer, from fetch and from the stream, match [ErrExhausted].
func (c *Client) fetch(ctx context.Context, u *url.URL, away bool, accept func(mediaType string) error) (*stream, error) {
	s, resp, x, err := c.get(ctx, u, away, nil)
	if err != nil {
		return nil, err
	}
	return ready(s, c.check(resp, x, s, accept))
}

// get requests u, or if part is not nil a range of it, and returns the response
// and a stream of its body as it was sent.
func (c *Client) get(ctx context.Context, u *url.URL, away bool, part *byteRange) (*stream, *http.Response, *exchange, error) {
	reqCtx, cancel := context.WithCancel(ctx)
	resp, x, err := c.follow(reqCtx, cancel, u, away, part)
	if err != nil {
		cancel()
		return nil, nil, nil, transferError(ctx, &x.Exchange, err)
	}
	return newBody(ctx, resp, &x.Exchange, cancel), resp, x, nil
}

// check checks the status and headers of the response, and decodes its body.
func (c *Client) check(resp *http.Response, x *exchange, s *stream, accept func(string) error) error {
	if resp.StatusCode != http.StatusOK {
		return c.statusError(resp, x, s)
	}
	f, err := contentEncoding(resp.Header)
	if err != nil {
		return err
	}
	if err := acceptType(resp.Header, accept); err != nil {
		return err
	}
	s.object = objectOf(resp)
	return s.decodeDeclared(f, c.opts.MaxWindow)
}

// statusError returns the error for a response whose status is not the one that
// is needed.
func (c *Client) statusError(resp *http.Response, x *exchange, s *stream) error {
	f, err := contentEncoding(resp.Header)
	if err == nil {
		err = s.decode(f, c.opts.MaxWindow)
	}
	// After 101 the body is the connection itself, and reads cannot be
	// interrupted.
	readable := err == nil && resp.StatusCode != http.StatusSwitchingProtocols
	return c.newStatusError(resp, x, s, readable)
}

// acceptType returns the error of accept for the Content-Type. A malformed one
// is ignored.
func acceptType(h http.Header, accept func(string) error) error {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil && mediaType == "" {
		return nil
	}
	return accept(mediaType)
}

// follow sends the request and follows redirects. cancel cancels ctx. Servers
// that the user names, as Server or in a URL, are distinguished from the
// targets of redirects to other origins, which get no secrets.
func (c *Client) follow(ctx context.Context, cancel context.CancelFunc, u *url.URL, away bool, part *byteRange) (*http.Response, *exchange, error) {
	named := !c.opts.ServerOnly || c.server != nil && weburl.Origin(u) == weburl.Origin(c.server)
	for hops := 0; ; hops++ {
		resp, x, err := c.roundTrip(ctx, cancel, u, named, part)
		if err != nil || !isRedirect(resp) {
			return resp, x, err
		}
		_ = resp.Body.Close() // the body of a redirect is not used
		to, err := c.redirected(u, resp, hops, away)
		if err != nil {
			return nil, x, err
		}
		if weburl.Origin(to) != weburl.Origin(u) {
			named = false // even if it leads back
		}
		u = to
	}
}

// exchange is the state of one request.
type exchange struct {
	httpconn.Exchange
	part  *byteRange // what is requested; nil for everything
	token int        // number of the token that was sent; 0 for none
}

// roundTrip sends the request once. cancel cancels ctx.
func (c *Client) roundTrip(ctx context.Context, cancel context.CancelFunc, u *url.URL, named bool, part *byteRange) (*http.Response, *exchange, error) {
	x := &exchange{Exchange: httpconn.Exchange{Anonymous: !named, Cancel: cancel}, part: part}
	resp, err := c.transport.RoundTrip(&x.Exchange, c.request(ctx, x, u))
	if refused, ok := errors.AsType[*httpconn.ProxyError](err); ok {
		err = c.newProxyError(x.Proxy, refused)
	}
	return resp, x, err
}

// proxyFor is [http.ProxyFromEnvironment] with an error that does not quote the
// password of the proxy.
func proxyFor(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, mark(ErrArgument, errors.New("proxy in the environment: not a valid URL"))
	}
	return u, nil
}

// request returns a request for u. Only here are secrets added to a request.
func (c *Client) request(ctx context.Context, x *exchange, u *url.URL) *http.Request {
	header := make(http.Header)
	header.Set("User-Agent", c.opts.UserAgent)
	if !x.Anonymous && c.server != nil && weburl.Origin(u) == weburl.Origin(c.server) {
		for name, values := range c.opts.Header {
			header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
		var token string
		if token, x.token = c.tokens.current(); token != "" {
			header.Set("Authorization", "Bearer "+token)
		}
	}
	header.Set("Accept-Encoding", "zstd, gzip")
	if x.part != nil {
		header.Set("Range", x.part.header())
	}
	if x.part != nil && x.part.validator != "" {
		header.Set("If-Range", x.part.validator)
		header.Set("Accept-Encoding", "identity")
	}
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

// redirected returns the target of a redirect from u. away permits those to the
// places of AllowRedirect. Errors match [ErrRedirect] and name only the origin
// of the target.
func (c *Client) redirected(u *url.URL, resp *http.Response, hops int, away bool) (*url.URL, error) {
	if hops == maxRedirects {
		return nil, fmt.Errorf("%w: more than %d in a row", ErrRedirect, maxRedirects)
	}
	to, err := u.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" {
		return nil, fmt.Errorf("%w: response %d has no valid Location", ErrRedirect, resp.StatusCode)
	}
	if to.User == nil && (weburl.Origin(to) == weburl.Origin(u) || away && c.mayLeave(u, to)) {
		to.Fragment, to.RawFragment = "", ""
		return to, nil
	}
	place := c.redactor(u, nil).Redact(weburl.PublicOrigin(to))
	return nil, fmt.Errorf("%w: to another origin, %s", ErrRedirect, quote(place))
}

// mayLeave reports whether a request for data may be redirected from u to the
// other origin of to.
func (c *Client) mayLeave(u, to *url.URL) bool {
	if to.Scheme != "https" && (to.Scheme != "http" || u.Scheme == "https") {
		return false
	}
	return slices.ContainsFunc(c.opts.AllowRedirect, func(place string) bool { return weburl.IsAt(to, place) })
}

// errTooLong is returned for more bytes than a limit.
var errTooLong = errors.New("too long")

// readAll reads at most limit bytes from r until io.EOF.
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

// body reads the body of a response as it was sent.
type body struct {
	ctx context.Context // of the attempt, not of the request
	x   *httpconn.Exchange
	n   int64 // bytes so far
	r   io.Reader
}

// newBody returns a stream of the body of a response. cancel cancels the
// request.
func newBody(ctx context.Context, resp *http.Response, x *httpconn.Exchange, cancel context.CancelFunc) *stream {
	s := newStream(&body{ctx: ctx, x: x, r: resp.Body}, func() error {
		cancel()
		_ = resp.Body.Close() // completeness was decided at the end of the body
		return nil
	})
	s.proof = proofOf(resp)
	s.checked = s.proof > engine.ProofNone
	return s
}

// proofOf returns the proof of completeness of a body that is read to io.EOF.
// net/http returns an error if a body is shorter than its Content-Length.
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
	n, err := b.r.Read(p)
	b.n += int64(n)
	if err == nil || err == io.EOF {
		return n, err
	}
	if errors.Is(err, ErrStalled) && b.ctx.Err() == nil {
		return n, mark(ErrExhausted, err)
	}
	err = transferError(b.ctx, b.x, err)
	if f, ok := errors.AsType[*failure](err); ok && f.placed {
		f.text = fmt.Sprintf("%s after %d bytes", f.text, b.n)
	}
	return n, err
}
