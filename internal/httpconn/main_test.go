package httpconn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fastcount/internal/testing/simnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const text = "patient_id,event_time,event_type,value\nP1,t,a,1\nP2,t,b,2\n"

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newTransport returns a transport that dials with dial, or over TCP if that is
// nil.
func newTransport(t *testing.T, dial func(ctx context.Context, network, address string) (net.Conn, error)) *Transport {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	c := &Transport{DialContext: dial, TLS: new(tls.Config), AnonymousTLS: new(tls.Config), DialTimeout: 10 * time.Second,
		TLSTimeout: 10 * time.Second, HeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, UserAgent: "test"}
	t.Cleanup(c.CloseIdle)
	return c
}

// trust makes c trust a server.
func trust(c *Transport, s *httptest.Server) {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c.TLS.RootCAs, c.AnonymousTLS.RootCAs = roots, roots
}

// open sends a request.
func open(t *testing.T, c *Transport, x *Exchange, raw string) (*http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	x.Cancel = cancel
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, raw, nil)
	check(t, err)
	resp, err := c.RoundTrip(x, req)
	if err != nil {
		cancel()
	}
	return resp, err
}

// get sends a request, and returns the status and the body of the response.
func get(t *testing.T, c *Transport, x *Exchange, raw string) (code int, body string, err error) {
	t.Helper()
	resp, err := open(t, c, x, raw)
	if err != nil {
		return 0, "", err
	}
	all, err := io.ReadAll(resp.Body)
	x.Cancel()
	check(t, resp.Body.Close())
	return resp.StatusCode, string(all), err
}

// getText sends n requests, one after another, to which the response is text.
func getText(t *testing.T, c *Transport, raw string, n int) {
	t.Helper()
	for range n {
		if _, got, err := get(t, c, new(Exchange), raw); got != text || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

// idle returns the number of idle connections.
func idle(c *Transport) int {
	c.kept.mu.Lock()
	defer c.kept.mu.Unlock()
	return len(c.kept.idle)
}

// keptAnswer is the answer of a server that keeps its connections.
func keptAnswer(*simnet.Request) simnet.Answer {
	return simnet.Response{Framing: simnet.Length, Body: []byte(text)}.Answer()
}

// quiet is the log of servers that report what the client does.
var quiet = log.New(io.Discard, "", 0)
