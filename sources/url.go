package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"fastcount/engine"
)

var (
	_ engine.Part    = (*URL)(nil)
	_ engine.Remote  = (*URL)(nil)
	_ engine.Retrier = (*URL)(nil)
)

// URL is a part that is the CSV at a URL, of which nothing was declared.
type URL struct {
	remote
}

// URL returns the part of a URL. It sends nothing yet. The part's name is name, or where that is empty the URL without
// its query, which may hold a secret. The client's token and headers are sent only if the URL is of the server's origin.
func (c *Client) URL(raw, name string) (*URL, error) {
	u, err := parseURL(raw)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = publicURL(u)
	}
	return &URL{c.newRemote(u, name)}, nil
}

// publicURL is what people are told about a URL.
func publicURL(u *url.URL) string {
	return publicOrigin(u) + u.EscapedPath()
}

// publicOrigin is what a message names of a URL: neither user and password nor
// path and query.
func publicOrigin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// remote is what the parts that are read over HTTP have in common.
type remote struct {
	client *Client
	url    *url.URL
	name   string
	*retrier
}

func (c *Client) newRemote(u *url.URL, name string) remote {
	return remote{client: c, url: u, name: name, retrier: c.newRetrier()}
}

func (c *Client) newRetrier() *retrier { return &retrier{retries: c.opts.Retries, reached: &c.reached} }

// Name implements engine.Part.
func (r *remote) Name() string { return r.name }

// Remote implements engine.Remote.
func (r *remote) Remote() bool { return true }

// Open implements engine.Part. It returns once the first bytes of the answer are there. What the server encoded for
// the transfer is decoded, and then what the data is compressed with, told by its first bytes.
func (r *remote) Open(ctx context.Context) (io.ReadCloser, error) {
	return opened(r.open(ctx))
}

func (r *remote) open(ctx context.Context) (*stream, error) {
	s, err := r.client.fetch(ctx, r.url, acceptCSV)
	if err != nil {
		return nil, err
	}
	err = s.decodeSniffed(r.client.opts.MaxWindow)
	s.Reader = transfer{s.Reader}
	return ready(s, err)
}

// acceptCSV refuses the types of answers that are sent in place of data.
func acceptCSV(mediaType string) error {
	switch {
	case isHTML(mediaType):
		return fmt.Errorf("%w: the server sent an HTML page", ErrContent)
	case isJSON(mediaType):
		return fmt.Errorf("%w: the server sent JSON", ErrContent)
	}
	return nil
}

func isHTML(mediaType string) bool {
	return mediaType == "text/html" || mediaType == "application/xhtml+xml"
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// transfer reads what was sent compressed. Over a network, compressed data that is cut short is a failed transfer.
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
