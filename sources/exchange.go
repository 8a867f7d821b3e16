package sources

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// phase is the progress of an exchange with a server.
type phase uint8

const (
	connecting  phase = iota // includes what a proxy does before it connects
	handshaking              // TLS
	awaiting                 // the end of the response headers
	receiving                // the body
)

// exchange is the state of one request. mu guards the fields that follow it,
// which the goroutines of net/http write.
type exchange struct {
	proxy *url.URL   // nil without one
	part  *byteRange // what is requested; nil for everything
	token int        // number of the token that was sent; 0 for none

	mu      sync.Mutex
	phase   phase
	conn    *meteredConn // on which the request was sent
	silent  bool         // the proxy did not connect in time
	waiting *time.Timer  // for the proxy; nil without one
}

// follow returns a context that makes x observe the requests that use it. If
// there is a proxy, for which net/http waits without limit, follow arranges for
// cancel to be called if the proxy does not connect to the server within limit.
func (x *exchange) follow(ctx context.Context, limit time.Duration, cancel func()) context.Context {
	if x.proxy != nil {
		x.waiting = time.AfterFunc(limit, func() {
			x.set(func() { x.silent = true })
			cancel()
		})
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeStart: func() { x.enter(handshaking) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				x.enter(connecting) // handshake with a proxy
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			x.stop()
			x.set(func() { x.phase, x.conn = awaiting, metered(info.Conn) })
		},
	})
}

// stop ends the wait for the proxy.
func (x *exchange) stop() {
	if x.waiting != nil {
		x.waiting.Stop()
	}
}

func (x *exchange) enter(p phase) { x.set(func() { x.phase = p }) }

func (x *exchange) set(change func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change()
}

// state returns the present state of the exchange.
func (x *exchange) state() (p phase, conn *meteredConn, silent bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.phase, x.conn, x.silent
}

// proxyFor returns the proxy for requests to u, or nil.
func (c *Client) proxyFor(u *url.URL) (*url.URL, error) {
	return c.proxy(&http.Request{URL: u})
}

// dialError is a failure to connect to address, which is that of the proxy if
// there is one.
type dialError struct {
	address string
	err     error
}

func (e *dialError) Error() string { return "connect to " + e.address + ": " + e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// meteredConn reports the number of bytes of each read from a connection, below
// TLS and HTTP.
type meteredConn struct {
	net.Conn
	batches
	observe atomic.Pointer[func(n int)]
}

func (c *meteredConn) Read(p []byte) (int, error) {
	n, err := c.readBatch(p)
	if observe := c.observe.Load(); observe != nil {
		(*observe)(n)
	}
	return n, err
}

// metered returns the metered connection underneath conn, or nil.
func metered(conn net.Conn) *meteredConn {
	for {
		switch c := conn.(type) {
		case *meteredConn:
			return c
		case *tls.Conn:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}

// connect makes a connection within ConnectTimeout.
func (o Options) connect(ctx context.Context, network, address string) (*meteredConn, error) {
	limited, cancel := context.WithTimeout(ctx, o.ConnectTimeout)
	defer cancel()
	conn, err := o.DialContext(limited, network, address)
	if err != nil {
		if errors.Is(limited.Err(), context.DeadlineExceeded) && ctx.Err() == nil {
			err = context.DeadlineExceeded
		}
		return nil, &dialError{address, err}
	}
	return &meteredConn{Conn: conn}, nil
}

// dial is connect for net/http.
func (o Options) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := o.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return conn, nil
}
