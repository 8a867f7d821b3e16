// Package httpconn sends HTTP requests without a body, and keeps the
// connections of HTTP/1.1 for further ones.
//
// # Connections
//
// Connections are kept by this package and not by net/http. net/http reads from
// an idle connection, and prints what a server sends on one with the standard
// logger of package log: responses hold patient ids, which must not be printed,
// and a library must not redirect the logger of its program. net/http may also
// take what follows a response for the response to the next request. Here
// net/http only writes requests and parses responses. A connection is used
// again only if nothing followed the response.
//
// A connection is kept until it has been idle for 30 seconds, also through
// proxies of http and https. At most 100 are idle. Whatever a server sends on
// an idle connection, be it data or its end, closes it. If a server closes a
// kept connection instead of answering, the request is repeated once, on a new
// one. Requests over HTTP/2, which is used only if a server refuses HTTP/1.1,
// and those through SOCKS proxies and to hosts whose names are not ASCII, have
// a connection each.
//
// # Limits
//
// Every step has a limit of time, and the headers of a response one of size, of
// 256 KiB. A body must make progress, of 1 KiB per second averaged over
// IdleTimeout; only time inside Read counts. Otherwise it ends in [ErrStalled].
//
// # Errors
//
// Errors are those of net/http, crypto/tls and the system, unless they are of
// this package. They may quote what a server sent. The [Exchange] holds what
// had been reached when a request failed.
package httpconn

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// maxHead is the maximum size of the headers of a response in bytes.
const maxHead = 256 << 10

// A Transport sends requests. Its fields are set before the first request and
// not changed any more; all but UserAgent and Proxy are required. It is safe
// for concurrent use and must not be copied. [Transport.CloseIdle] ends the
// goroutines of its idle connections.
type Transport struct {
	// DialContext makes connections, which must support deadlines. It must
	// return when its context ends.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	// Proxy returns the proxy for a request, or nil. It may use the URL of the
	// request alone. No Proxy means none.
	Proxy func(*http.Request) (*url.URL, error)

	// TLS is the configuration for servers, and AnonymousTLS the one for those
	// of anonymous exchanges and for proxies. They contain no name of a server
	// and no protocols.
	TLS, AnonymousTLS *tls.Config

	DialTimeout   time.Duration // to connect
	TLSTimeout    time.Duration // for a TLS handshake
	HeaderTimeout time.Duration // from the request to the end of the response headers
	IdleTimeout   time.Duration // without progress in a response body

	// UserAgent is sent to proxies that are asked for a tunnel.
	UserAgent string

	kept    pool
	reached sync.Map // the addresses to which a connection was made
	http2   sync.Map // the routes, by key, whose servers accept only HTTP/2

	prepare sync.Once // makes the transports
	single  *http.Transport
	unnamed *http.Transport // for anonymous exchanges
}

// RoundTrip sends a request and returns the response, whose body the caller
// closes. It follows no redirects. The request must have a context, which
// x.Cancel cancels; its end closes the connection, unless the body has been
// read to its end. A request may be sent twice.
//
// The error is a *[DialError], a *[ProxyError], [ErrAlert], the error of Proxy,
// or one of net/http. That of a Read of the body may match [ErrStalled].
func (t *Transport) RoundTrip(x *Exchange, req *http.Request) (*http.Response, error) {
	if t.Proxy != nil {
		proxy, err := t.Proxy(req)
		if err != nil {
			return nil, err
		}
		x.Proxy = proxy
	}
	r, ok := routeTo(req.URL, x.Proxy)
	r.anonymous = x.Anonymous
	resp, err := (*http.Response)(nil), errHTTP2
	if ok {
		resp, err = t.send(x, r, req)
	}
	if errors.Is(err, errHTTP2) {
		x.set(func() { x.phase, x.conn, x.silent = Connecting, nil, false })
		resp, err = t.sendOnce(x, req)
	}
	if x.sentOn() != nil {
		t.reached.Store(r.next(), true)
	}
	if err != nil {
		return nil, err
	}
	x.enter(Receiving)
	resp.Body = t.watched(x, resp)
	return resp, nil
}

// Reached reports whether a connection was ever made that a request for u would
// use: to its server, or to the proxy.
func (t *Transport) Reached(u *url.URL) bool {
	var proxy *url.URL
	if t.Proxy != nil {
		proxy, _ = t.Proxy(&http.Request{URL: u}) // the request itself reports the error
	}
	r, _ := routeTo(u, proxy)
	_, reached := t.reached.Load(r.next())
	return reached
}

// CloseIdle closes idle connections and waits for the goroutines that watch
// them. The transport remains usable, but keeps no connections from then on.
func (t *Transport) CloseIdle() { t.kept.close() }

// errHTTP2 is returned for a request that a conn cannot carry.
var errHTTP2 = errors.New("not possible over HTTP/1.1")

// send sends the request on a connection that was kept, or else on a new one. A
// server may close a kept connection at any time; if it does so instead of
// answering, send repeats the request on a new connection.
func (t *Transport) send(x *Exchange, r route, req *http.Request) (*http.Response, error) {
	if _, other := t.http2.Load(r.key()); other {
		return nil, errHTTP2
	}
	if n := t.kept.take(r); n != nil {
		resp, err := n.roundTrip(x, req, t.HeaderTimeout, &t.kept)
		if _, again := errors.AsType[unanswered](err); !again || req.Context().Err() != nil {
			return resp, err
		}
		x.enter(Connecting)
	}
	n, err := t.connect(req.Context(), x, r)
	if alert, remote, _ := Alert(err); remote && alert == noApplicationProtocol {
		t.http2.Store(r.key(), true)
		return nil, errHTTP2
	}
	if err != nil {
		return nil, err
	}
	return n.roundTrip(x, req, t.HeaderTimeout, &t.kept)
}

// sendOnce sends the request with net/http, on a connection of its own.
func (t *Transport) sendOnce(x *Exchange, req *http.Request) (*http.Response, error) {
	t.prepare.Do(func() { t.single, t.unnamed = t.newSingle(t.TLS), t.newSingle(t.AnonymousTLS) })
	single := t.single
	if x.Anonymous {
		single = t.unnamed
	}
	// There may be two TLS handshakes: with the proxy, and through it.
	limit := t.DialTimeout + 2*t.TLSTimeout + t.HeaderTimeout
	defer x.stop()
	return single.RoundTrip(req.WithContext(x.follow(req.Context(), limit)))
}

// newSingle returns a transport for requests that a [conn] cannot carry. It
// uses each connection once: net/http would log what a server sends on an idle
// connection, and an HTTP/2 connection would carry several bodies, of which one
// that stalls could not be detected.
func (t *Transport) newSingle(config *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:                  t.Proxy,
		OnProxyConnectResponse: proxyRefusal,
		DialContext:            t.dialHTTP,
		TLSClientConfig:        config.Clone(), // net/http changes it
		TLSHandshakeTimeout:    t.TLSTimeout,
		ResponseHeaderTimeout:  t.HeaderTimeout,
		DisableCompression:     true, // the caller negotiates and decodes, and so sees sizes and ends as sent
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHead,
		ReadBufferSize:         bufferSize,
		// Pings detect a dead HTTP/2 connection; otherwise the next attempt
		// would be sent over it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
	}
}

// watched returns the body of a response, with an end if it stalls.
func (t *Transport) watched(x *Exchange, resp *http.Response) io.ReadCloser {
	w := newWatchdog(resp.Body, t.IdleTimeout, x.Cancel)
	// An HTTP/2 connection also carries pings and other frames, which are not
	// progress of the body, and reads of an HTTP/2 body return all available
	// data.
	if conn := x.sentOn(); conn != nil && resp.ProtoMajor < 2 {
		w.meter(conn)
	}
	return w
}
