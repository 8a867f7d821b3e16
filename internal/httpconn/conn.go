package httpconn

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"fastcount/internal/weburl"
)

// bufferSize is the size of the buffer between a connection and the parser of
// responses in bytes.
const bufferSize = 64 << 10

// A route is the way to a server. Requests of one route may share a connection.
type route struct {
	scheme string
	host   string // without the port
	port   string
	proxy  *url.URL // nil without one

	anonymous bool
}

// routeTo returns the route for requests to u through the proxy, which may be
// nil. ok is false if a conn cannot take it.
func routeTo(u, proxy *url.URL) (r route, ok bool) {
	r = route{scheme: u.Scheme, host: u.Hostname(), port: weburl.Port(u), proxy: proxy}
	ok = isASCII(r.host) && (proxy == nil || isASCII(proxy.Host) && (proxy.Scheme == "http" || proxy.Scheme == "https"))
	return r, ok
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}

// key returns a string that is equal for equal routes.
func (r route) key() string {
	key := r.scheme + "://" + r.address()
	if r.anonymous {
		key = "anonymous " + key
	}
	if r.proxy != nil {
		key += " " + r.proxy.String()
	}
	return key
}

// address returns the host and port of the server.
func (r route) address() string { return net.JoinHostPort(strings.ToLower(r.host), r.port) }

// next returns the host and port to connect to.
func (r route) next() string {
	if r.proxy != nil {
		return net.JoinHostPort(r.proxy.Hostname(), weburl.Port(r.proxy))
	}
	return r.address()
}

// proxyHeader returns the header that authenticates the client to the proxy.
func (r route) proxyHeader() http.Header {
	h := http.Header{}
	if r.proxy != nil && r.proxy.User != nil {
		password, _ := r.proxy.User.Password()
		h.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(r.proxy.User.Username()+":"+password)))
	}
	return h
}

// A conn is a connection that carries HTTP/1.1 requests one after another.
type conn struct {
	net.Conn
	route route
	meter *meteredConn // underneath TLS
	in    *bufio.Reader
	out   *bufio.Writer
	head  int64 // remaining bytes of the limit of the headers
	err   error // of the last Read

	detach  func() bool // makes the context of the request no longer close the connection
	watched chan error  // holds the result of the watch of an idle connection
}

// connect makes a connection for requests of r.
func (t *Transport) connect(ctx context.Context, x *Exchange, r route) (*conn, error) {
	meter, err := t.dial(ctx, "tcp", r.next())
	if err != nil {
		return nil, err
	}
	n := &conn{Conn: meter, meter: meter, route: r}
	stop := context.AfterFunc(ctx, n.abort)
	defer stop()
	if err := t.establish(ctx, x, n); err != nil {
		n.abort()
		return nil, err
	}
	n.in, n.out = bufio.NewReaderSize(n, bufferSize), bufio.NewWriter(n)
	return n, nil
}

// establish does what precedes the first request: TLS with a proxy, a tunnel
// through it, and TLS with the server.
func (t *Transport) establish(ctx context.Context, x *Exchange, n *conn) error {
	if proxy := n.route.proxy; proxy != nil && proxy.Scheme == "https" {
		if err := t.handshake(ctx, x, n, t.AnonymousTLS, proxy.Hostname()); err != nil {
			return err
		}
		x.enter(Connecting)
	}
	if n.route.scheme != "https" {
		return nil
	}
	if n.route.proxy != nil {
		if err := t.tunnel(x, n); err != nil {
			return err
		}
	}
	config := t.TLS
	if n.route.anonymous {
		config = t.AnonymousTLS
	}
	return t.handshake(ctx, x, n, config, n.route.host, "http/1.1")
}

// handshake begins TLS with the host. The protocols are offered to it.
func (t *Transport) handshake(ctx context.Context, x *Exchange, n *conn, config *tls.Config, host string, protocols ...string) error {
	x.enter(Handshaking)
	ctx, cancel := context.WithTimeout(ctx, t.TLSTimeout)
	defer cancel()
	config = config.Clone()
	config.ServerName, config.NextProtos = host, protocols
	secure := tls.Client(n.Conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return err
	}
	n.Conn = secure
	return nil
}

// tunnel makes the proxy connect to the server.
func (t *Transport) tunnel(x *Exchange, n *conn) error {
	header := n.route.proxyHeader()
	header.Set("User-Agent", t.UserAgent)
	target := n.route.address()
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: header}
	err := errors.Join(n.SetDeadline(time.Now().Add(t.HeaderTimeout)), req.Write(n.Conn))
	if err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(io.LimitReader(n.Conn, maxHead)), req)
	if err != nil {
		x.set(func() { x.silent = isTimeout(err) })
		return err
	}
	if resp.StatusCode == http.StatusOK {
		return n.SetDeadline(time.Time{})
	}
	refusal := newProxyError(resp)
	// The status matters more than an error of the body.
	if text, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal+1)); err == nil && len(text) <= maxRefusal {
		refusal.Body = text
	}
	return refusal
}

// errHeadTooLong is returned for headers of more than maxHead bytes. Its text
// is that of net/http.
var errHeadTooLong = errors.New("server response headers exceeded the limit")

// Read limits the size of the headers.
func (n *conn) Read(p []byte) (m int, err error) {
	if n.head <= 0 {
		return 0, errHeadTooLong
	}
	m, n.err = n.Conn.Read(p[:min(int64(len(p)), n.head)])
	n.head -= int64(m)
	return m, n.err
}

// abort closes the connection at once, without the alert that ends TLS, for
// which Close may wait. It interrupts other methods.
func (n *conn) abort() { _ = n.meter.Close() }

// unanswered is the error of a request to which the server sent nothing before
// it closed the connection.
type unanswered struct{ error }

func (u unanswered) Unwrap() error { return u.error }

// roundTrip sends a request and reads the headers of the response within limit.
// The connection is closed when the context of the request ends, unless the
// body has been read before.
func (n *conn) roundTrip(x *Exchange, req *http.Request, limit time.Duration, kept *pool) (*http.Response, error) {
	x.set(func() { x.phase, x.conn = Awaiting, n.meter })
	n.detach = context.AfterFunc(req.Context(), n.abort)
	resp, err := n.exchange(req, limit)
	if err != nil {
		n.abort()
		return nil, err
	}
	n.meter.expect(resp.ContentLength)
	resp.Body = &content{Reader: resp.Body, conn: n, resp: resp, left: resp.ContentLength, pool: kept}
	return resp, nil
}

func (n *conn) exchange(req *http.Request, limit time.Duration) (*http.Response, error) {
	if err := n.SetDeadline(time.Now().Add(limit)); err != nil {
		return nil, unanswered{err}
	}
	n.head = maxHead
	if err := n.write(req); err != nil {
		// A server that rejects the client certificate sends an alert and
		// closes the connection, which may fail the write.
		_, reason := n.in.Peek(1)
		if _, _, ok := Alert(reason); ok {
			err = reason
		}
		return nil, unansweredIf(!isTimeout(err), err)
	}
	first, err := n.in.Peek(1)
	if err != nil {
		return nil, unansweredIf(!isTimeout(err), err)
	}
	if first[0] == alertRecord {
		return nil, ErrAlert
	}
	resp, err := n.readHead(req)
	if err != nil {
		return nil, err
	}
	n.head = math.MaxInt64
	_ = n.SetDeadline(time.Time{}) // it may fail for a connection that the server has closed after the response
	return resp, nil
}

// alertRecord is the type of a TLS record that holds an alert (RFC 8446,
// section 5.1), with which servers of TLS respond to http. No response of
// HTTP/1.1 begins with it.
const alertRecord = 21

func unansweredIf(condition bool, err error) error {
	if condition {
		return unanswered{err}
	}
	return err
}

// write sends the request. A proxy that it is sent to gets the whole URL.
func (n *conn) write(req *http.Request) error {
	if n.route.proxy == nil || n.route.scheme == "https" {
		return errors.Join(req.Write(n.out), n.out.Flush())
	}
	forwarded := *req
	forwarded.Header = n.route.proxyHeader()
	maps.Copy(forwarded.Header, req.Header)
	return errors.Join(forwarded.WriteProxy(n.out), n.out.Flush())
}

// readHead reads the headers of a response. It skips informational responses.
// An error of the connection takes precedence over that of the parser, which
// takes what came before it for a whole line.
func (n *conn) readHead(req *http.Request) (*http.Response, error) {
	for {
		resp, err := http.ReadResponse(n.in, req)
		if err != nil && n.err != nil {
			return nil, n.err
		}
		if err != nil || resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
}

// content is the body of a response. At its end the connection returns to the
// pool.
type content struct {
	io.Reader
	conn  *conn
	resp  *http.Response
	left  int64 // according to Content-Length; negative if unknown
	pool  *pool
	ended bool
}

func (b *content) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.left -= int64(n)
	if err == io.EOF {
		b.end()
	}
	return n, err
}

// end returns the connection to the pool, unless something follows the body or
// the server is about to close it.
func (b *content) end() {
	if b.ended {
		return
	}
	b.ended = true
	final := b.resp.Close || b.resp.StatusCode < 200
	if !b.conn.detach() || final || b.conn.in.Buffered() > 0 {
		_ = b.conn.Close() // the response is complete
		return
	}
	b.pool.put(b.conn)
}

// Close closes the connection, unless the rest of the body has arrived already.
func (b *content) Close() error {
	if !b.ended && b.left >= 0 && b.left <= int64(b.conn.in.Buffered()) {
		_, _ = io.Copy(io.Discard, b) // it does not wait
	}
	if !b.ended {
		b.ended = true
		b.conn.abort()
	}
	return nil
}

// noApplicationProtocol is the alert no_application_protocol (RFC 7301): a
// server accepts none of the protocols that were offered.
const noApplicationProtocol = tls.AlertError(120)

// isAwake reports whether the watch of an idle connection ended because the
// connection is needed, and not because of what the server did.
func isAwake(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
