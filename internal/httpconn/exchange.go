package httpconn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// A Phase is the progress of an exchange with a server.
type Phase uint8

const (
	Connecting  Phase = iota // includes what a proxy does before it connects
	Handshaking              // TLS
	Awaiting                 // the end of the response headers
	Receiving                // the body
)

// String returns connect, TLS handshake, response headers or response body.
func (p Phase) String() string {
	return [...]string{"connect", "TLS handshake", "response headers", "response body"}[p]
}

// An Exchange is the state of one request and its response. Each belongs to one
// call of [Transport.RoundTrip] and must not be copied.
type Exchange struct {
	// Anonymous selects the configuration AnonymousTLS, and connections that
	// other exchanges do not use.
	Anonymous bool

	// Cancel cancels the context of the request. It is called, by another
	// goroutine, if the body stalls or a proxy does not connect in time.
	Cancel context.CancelFunc

	// Proxy is the proxy of the request, or nil. RoundTrip sets it.
	Proxy *url.URL

	mu      sync.Mutex // guards what follows, which the goroutines of net/http write
	phase   Phase
	conn    *meteredConn // on which the request was sent
	silent  bool         // the proxy did not connect in time
	waiting *time.Timer  // for the proxy; nil without one
}

// State returns how far the exchange is, and whether it failed because the
// proxy did not connect to the server in time.
func (x *Exchange) State() (phase Phase, silent bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.phase, x.silent
}

// sentOn returns the connection on which the request was sent, or nil.
func (x *Exchange) sentOn() *meteredConn {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.conn
}

// follow returns a context that makes x observe the requests that use it. If
// there is a proxy, for which net/http waits without limit, follow arranges for
// Cancel to be called if the proxy does not connect to the server within limit.
func (x *Exchange) follow(ctx context.Context, limit time.Duration) context.Context {
	if x.Proxy != nil {
		x.waiting = time.AfterFunc(limit, func() {
			x.set(func() { x.silent = true })
			x.Cancel()
		})
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeStart: func() { x.enter(Handshaking) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				x.enter(Connecting) // handshake with a proxy
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			x.stop()
			x.set(func() { x.phase, x.conn = Awaiting, metered(info.Conn) })
		},
	})
}

// stop ends the wait for the proxy.
func (x *Exchange) stop() {
	if x.waiting != nil {
		x.waiting.Stop()
	}
}

func (x *Exchange) enter(p Phase) { x.set(func() { x.phase = p }) }

func (x *Exchange) set(change func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change()
}

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

// dial makes a connection within DialTimeout.
func (t *Transport) dial(ctx context.Context, network, address string) (*meteredConn, error) {
	limited, cancel := context.WithTimeout(ctx, t.DialTimeout)
	defer cancel()
	conn, err := t.DialContext(limited, network, address)
	if err != nil {
		if errors.Is(limited.Err(), context.DeadlineExceeded) && ctx.Err() == nil {
			err = context.DeadlineExceeded
		}
		return nil, &DialError{address, err}
	}
	return &meteredConn{Conn: conn}, nil
}

// dialHTTP is dial for net/http.
func (t *Transport) dialHTTP(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := t.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return conn, nil
}
