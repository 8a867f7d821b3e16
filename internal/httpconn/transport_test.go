package httpconn

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/internal/testing/simnet"
)

// TestRoundTrip sends requests on one connection, and does not follow a
// redirect.
func TestRoundTrip(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/from" {
				http.Redirect(w, r, "/to", http.StatusFound)
				return
			}
			_, _ = io.WriteString(w, text)
		}))
		conns := 0
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				conns++
			}
		}
		c := newTransport(t, nil)
		if secure {
			s.StartTLS()
			trust(c, s)
		} else {
			s.Start()
		}
		u, err := url.Parse(s.URL)
		check(t, err)
		if c.Reached(u) {
			t.Error("a server is reached before the first request")
		}
		x := new(Exchange)
		if code, got, err := get(t, c, x, s.URL); code != http.StatusOK || got != text || err != nil {
			t.Errorf("got %d, %q, %v", code, got, err)
		}
		if phase, silent := x.State(); phase != Receiving || silent || x.Proxy != nil || !c.Reached(u) {
			t.Errorf("phase %v, proxy %v, reached: %v", phase, x.Proxy, c.Reached(u))
		}
		if code, _, err := get(t, c, new(Exchange), s.URL+"/from"); code != http.StatusFound || err != nil {
			t.Errorf("got %d, %v", code, err)
		}
		getText(t, c, s.URL, 2)
		c.CloseIdle()
		s.Close()
		if conns != 1 {
			t.Errorf("TLS: %v: %d connections", secure, conns)
		}
	}
}

// TestAnonymous: servers that are named get the client certificate, others do
// not, and the two share no connections.
func TestAnonymous(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.Proto, " ", len(r.TLS.PeerCertificates))
		}))
		s.Config.ErrorLog = quiet
		s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
		if s.EnableHTTP2 = http2; http2 {
			s.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				if slices.Contains(hello.SupportedProtos, "h2") {
					return nil, nil
				}
				return &tls.Config{Certificates: s.TLS.Certificates, NextProtos: []string{"none"}}, nil
			}
		}
		s.StartTLS()
		c := newTransport(t, nil)
		trust(c, s)
		c.TLS.Certificates = s.TLS.Certificates
		for _, anonymous := range []bool{false, true, false} {
			want := map[bool]string{false: "HTTP/1.1 ", true: "HTTP/2.0 "}[http2] + map[bool]string{false: "1", true: "0"}[anonymous]
			if _, got, err := get(t, c, &Exchange{Anonymous: anonymous}, s.URL); got != want || err != nil {
				t.Errorf("got %q, want %q, %v", got, want, err)
			}
		}
		if n := idle(c); n != 2 && !http2 {
			t.Errorf("%d connections are kept", n)
		}
		c.CloseIdle()
		s.Close()
	}
}

// TestProxyRefusal: the response of a proxy that makes no tunnel is the error,
// for a conn and for net/http.
func TestProxyRefusal(t *testing.T) {
	long := strings.Repeat("x", maxRefusal+1)
	for body, want := range map[string]string{"": "", "no": "no", long[1:]: long[1:], long: ""} {
		for _, host := range []string{"server.test", "größe.test"} {
			synctest.Test(t, func(t *testing.T) {
				network := &simnet.Network{Answer: func(*simnet.Request) simnet.Answer {
					return simnet.Answer{Wire: fmt.Appendf(nil, "HTTP/1.1 407 No\r\nRetry-After: 9\r\nContent-Length: %d\r\n\r\n%s", len(body), body)}
				}}
				c := newTransport(t, network.DialContext)
				c.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test:3128"})
				x := new(Exchange)
				_, err := open(t, c, x, "https://"+host+"/")
				refused, ok := errors.AsType[*ProxyError](err)
				if !ok || refused.Code != 407 || refused.Header.Get("Retry-After") != "9" || x.Proxy.Host != "proxy.test:3128" {
					t.Fatalf("%s: got %v", host, err)
				}
				if host == "server.test" && string(refused.Body) != want {
					t.Errorf("got a body of %d bytes, want %d", len(refused.Body), len(want))
				}
				if c.Reached(&url.URL{Scheme: "http", Host: "elsewhere.test"}) {
					t.Error("a server is reached through a proxy that refuses")
				}
				synctest.Wait()
			})
		}
	}
}

// TestFailures: the phase and the error show how far an exchange came.
func TestFailures(t *testing.T) {
	for name, test := range map[string]struct {
		url     string
		network *simnet.Network
		phase   Phase
		match   func(error) bool
	}{
		"refused": {"http://h.test/", &simnet.Network{Connect: func(context.Context, string) simnet.Connect { return simnet.Refuse }}, Connecting, func(err error) bool {
			dial, ok := errors.AsType[*DialError](err)
			return ok && dial.Address == "h.test:80" && errors.Is(err, syscall.ECONNREFUSED)
		}},
		"no answer to a dial": {"http://h.test/", &simnet.Network{Connect: func(context.Context, string) simnet.Connect { return simnet.Ignore }}, Connecting, func(err error) bool {
			_, ok := errors.AsType[*DialError](err)
			return ok && errors.Is(err, context.DeadlineExceeded)
		}},
		"no TLS": {"https://h.test/", &simnet.Network{Answer: keptAnswer}, Handshaking, func(err error) bool { return err != nil }},
		"TLS for http": {"http://h.test/", &simnet.Network{Answer: func(*simnet.Request) simnet.Answer {
			return simnet.Answer{Wire: []byte("\x15\x03\x01\x00\x02\x02\x46")}
		}}, Awaiting, func(err error) bool { return errors.Is(err, ErrAlert) }},
		"no headers": {"http://h.test/", &simnet.Network{Answer: func(*simnet.Request) simnet.Answer { return simnet.Answer{} }}, Awaiting, func(err error) bool { return errors.Is(err, io.EOF) }},
		"endless headers": {"http://h.test/", &simnet.Network{Answer: func(*simnet.Request) simnet.Answer {
			return simnet.Answer{Wire: []byte("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHead))}
		}}, Awaiting, func(err error) bool { return errors.Is(err, errHeadTooLong) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newTransport(t, test.network.DialContext)
				x := new(Exchange)
				_, err := open(t, c, x, test.url)
				if phase, _ := x.State(); phase != test.phase || !test.match(err) {
					t.Errorf("got %v in phase %v", err, phase)
				}
				synctest.Wait()
			})
		})
	}
}

// TestSilentProxy: a proxy that does not connect in time is noticed, by a conn
// and by net/http.
func TestSilentProxy(t *testing.T) {
	for _, host := range []string{"server.test", "größe.test"} {
		synctest.Test(t, func(t *testing.T) {
			network := &simnet.Network{Answer: func(*simnet.Request) simnet.Answer { return simnet.Answer{End: simnet.Stall} }}
			c := newTransport(t, network.DialContext)
			c.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test:3128"})
			x := new(Exchange)
			_, err := open(t, c, x, "https://"+host+"/")
			if phase, silent := x.State(); phase != Connecting || !silent || err == nil {
				t.Errorf("%s: silent: %v, in phase %v: %v", host, silent, phase, err)
			}
			time.Sleep(time.Minute) // after which net/http gives up the connection
			synctest.Wait()
		})
	}
}

// rejecting is a connection of TLS whose server rejects the client certificate:
// it sends an alert and closes the connection.
type rejecting struct{ net.Conn }

func (rejecting) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func (rejecting) Read([]byte) (int, error) {
	return 0, &net.OpError{Op: "remote error", Err: tls.AlertError(48)} // unknown_ca
}

// TestAlertExplainsAFailedWrite: the reason for which a server closed a
// connection takes precedence over the failure to write to it.
func TestAlertExplainsAFailedWrite(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	n := &conn{Conn: rejecting{client}, meter: &meteredConn{Conn: client}}
	n.in, n.out = bufio.NewReader(n), bufio.NewWriter(n)
	x := new(Exchange)
	_, err := n.roundTrip(x, httptest.NewRequest(http.MethodGet, "https://server.test/", nil), time.Minute, new(pool))
	alert, remote, ok := Alert(err)
	if phase, silent := x.State(); alert != 48 || !remote || !ok || phase != Awaiting || silent {
		t.Errorf("got %v in phase %v", err, phase)
	}
}

// TestAlert distinguishes all alerts.
func TestAlert(t *testing.T) {
	for code := range 256 {
		for _, op := range []string{"remote error", "local error"} {
			err := fmt.Errorf("wrapped: %w", &net.OpError{Op: op, Err: tls.AlertError(code)})
			if alert, remote, ok := Alert(err); int(alert) != code || remote != (op == "remote error") || !ok {
				t.Errorf("%d, %s: got %d, %v, %v", code, op, alert, remote, ok)
			}
		}
	}
	for _, err := range []error{nil, io.EOF, &net.OpError{Op: "read", Err: tls.AlertError(48)}, &net.OpError{Op: "remote error", Err: io.EOF}, x509.HostnameError{}} {
		if _, _, ok := Alert(err); ok {
			t.Errorf("%v is an alert", err)
		}
	}
}
