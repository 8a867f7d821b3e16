package httpconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// ErrStalled is returned by Read of a body that made no progress for the
// IdleTimeout of the transport.
var ErrStalled = errors.New("the transfer stalled")

// ErrAlert is returned for a TLS alert instead of a response: the server uses
// TLS there.
var ErrAlert = errors.New("a TLS alert instead of a response")

// A DialError is a failure to connect.
type DialError struct {
	Address string // host and port of the server, or of the proxy if there is one
	Err     error
}

func (e *DialError) Error() string { return "connect to " + e.Address + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *DialError) Unwrap() error { return e.Err }

// maxRefusal is the maximum size of the body of a ProxyError in bytes.
const maxRefusal = 64 << 10

// A ProxyError is the response of a proxy that does not connect to the server.
type ProxyError struct {
	Code   int // the status, which is not 200
	Header http.Header
	Body   []byte // of at most 64 KiB, without its transfer encoding; nil if it is not known
}

func (e *ProxyError) Error() string { return fmt.Sprintf("the proxy answered %d", e.Code) }

func newProxyError(resp *http.Response) *ProxyError {
	return &ProxyError{Code: resp.StatusCode, Header: resp.Header}
}

// proxyRefusal returns an error if the proxy did not connect to the server.
func proxyRefusal(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return newProxyError(resp)
}

// Alert returns the alert that ended TLS, and whether the other side sent it.
// ok is false if err is not about an alert.
func Alert(err error) (alert tls.AlertError, remote, ok bool) {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" && op.Op != "local error" {
		return 0, false, false
	}
	for code := range 256 { // crypto/tls has a type of its own for alerts
		if alert := tls.AlertError(code); op.Err.Error() == alert.Error() {
			return alert, op.Op == "remote error", true
		}
	}
	return 0, false, false
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
