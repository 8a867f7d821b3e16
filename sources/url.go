package sources

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"sync/atomic"

	"fastcount/engine"
	"fastcount/internal/filename"
	"fastcount/internal/weburl"
)

var (
	_ engine.Part     = (*URL)(nil)
	_ engine.Retrier  = (*URL)(nil)
	_ engine.Splitter = (*URL)(nil)
)

// URL is a part that is the CSV at a URL. It has no declared metadata. After
// Probe or Pin it can be read at several offsets concurrently, if the server
// sends ranges of it.
type URL struct {
	remote
	size    int64       // of the data as it is stored, if it is known; otherwise -1
	object  *object     // nil unless the server sends ranges
	content recognition // of object
	pinned  bool        // only object is read

	unranged atomic.Bool            // the server failed to send a range
	first    atomic.Pointer[stream] // response to Probe or Pin that holds all data, until Open takes it
	absent   atomic.Pointer[error]  // why Probe could not connect, until Open returns it
}

// URL returns a part that reads a URL. It does not connect. The name of the
// part is name, or if that is empty the URL without its query, which may
// contain a secret. The token and headers of the client are sent only if the
// URL has the origin of the server.
func (c *Client) URL(raw, name string) (*URL, error) {
	u, err := parseURL(raw)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = weburl.Public(u)
	}
	return &URL{remote: c.newRemote(u, name), size: -1}, nil
}

// Info implements [engine.Part]. Delimiter and facts depend on the path of the
// URL.
func (u *URL) Info() engine.PartInfo {
	return engine.PartInfo{Remote: true, Size: max(0, u.size), SizeKnown: u.size >= 0,
		Delimiter: filename.Delimiter(u.url.Path), Facts: factsOf(u.url.Path), Explain: u.explain}
}

// Open implements [engine.Part]. It returns once the first bytes of the
// response are available. It decodes the Content-Encoding, pipes the data
// through the command of the client, if there is one, and then decodes data
// that is compressed by its first bytes. A response that breaks is continued if
// the server sends ranges; otherwise, another attempt begins at the first byte.
func (u *URL) Open(ctx context.Context) (io.ReadCloser, error) {
	return u.deliver(u.open(ctx, u.stored))
}

// stored returns the bytes at the URL, without a Content-Encoding.
func (u *URL) stored(ctx context.Context, accept func(string) error) (*stream, error) {
	if u.object != nil && !u.unranged.Load() {
		return u.openRange(ctx, 0, u.size)
	}
	if err := u.absent.Swap(nil); err != nil {
		return nil, *err
	}
	s := u.first.Swap(nil)
	if s == nil {
		var err error
		if s, err = u.client.fetch(ctx, u.url, true, accept); err != nil {
			return nil, err
		}
	}
	if s.object == nil {
		return s, nil
	}
	r := u.newObjectReader(ctx, *s.object, 0, s.object.size)
	r.body, r.end = s, s.object.size
	return r.stream(), nil
}

// remote is the common implementation of parts that are read over HTTP.
type remote struct {
	explainer
	client *Client
	url    *url.URL
	name   string
	*retrier
}

func (c *Client) newRemote(u *url.URL, name string) remote {
	return remote{client: c, url: u, name: name, retrier: c.newRetrier(u)}
}

// newRetrier returns a retrier of requests for u.
func (c *Client) newRetrier(u *url.URL) *retrier {
	return &retrier{retries: c.opts.Retries, tokens: &c.tokens, reached: func() bool { return c.transport.Reached(u) }}
}

// Name implements engine.Part.
func (r *remote) Name() string { return r.name }

// Open implements [engine.Part]. It is as URL.Open, but a response is never
// continued.
func (r *remote) Open(ctx context.Context) (io.ReadCloser, error) {
	return r.deliver(r.open(ctx, r.stored))
}

// stored returns the bytes at the URL, without a Content-Encoding.
func (r *remote) stored(ctx context.Context, accept func(string) error) (*stream, error) {
	return r.client.fetch(ctx, r.url, true, accept)
}

// open returns the decoded bytes of what stored returns.
func (r *remote) open(ctx context.Context, stored func(context.Context, func(string) error) (*stream, error)) (*stream, error) {
	if r.client.pre != nil {
		return piped(ctx, r.client.pre, r.client.opts.IdleTimeout, r.client.opts.MaxWindow, func(ctx context.Context) (*stream, error) {
			return stored(ctx, acceptAny)
		})
	}
	s, err := stored(ctx, acceptCSV)
	if err != nil {
		return nil, err
	}
	err = s.decodeSniffed(r.client.opts.MaxWindow)
	s.Reader = transfer{s.Reader}
	return ready(s, err)
}

// acceptAny accepts every media type: the data is not CSV yet.
func acceptAny(string) error { return nil }

// acceptCSV rejects the media types of error and login pages.
func acceptCSV(mediaType string) error {
	switch {
	case isHTML(mediaType):
		return &FormatError{"HTML", htmlHint}
	case isJSON(mediaType):
		return &FormatError{"JSON", jsonHint}
	}
	return nil
}

func isHTML(mediaType string) bool {
	return mediaType == "text/html" || mediaType == "application/xhtml+xml"
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// transfer marks truncated compressed data as a failure of the transfer.
type transfer struct {
	r io.Reader
}

func (t transfer) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if errors.Is(err, ErrTruncated) {
		err = mark(ErrExhausted, err)
	}
	return n, err
}
