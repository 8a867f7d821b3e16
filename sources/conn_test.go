package sources

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/internal/testing/patience"
	"fastcount/internal/testing/simnet"
)

// counted is a server that counts its connections.
type counted struct {
	*httptest.Server
	conns atomic.Int32
}

// newCounted starts a server with TLS, or without.
func newCounted(t *testing.T, secure bool, h http.HandlerFunc) *counted {
	s := &counted{Server: httptest.NewUnstartedServer(h)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.conns.Add(1)
		}
	}
	if secure {
		s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// trusting returns options with which a client trusts s.
func trusting(t *testing.T, s *httptest.Server) Options {
	if s.Certificate() == nil {
		return Options{}
	}
	return Options{CAFile: certificateFile(t, s.Certificate())}
}

// readAgain reads a URL n times with one client.
func readAgain(t *testing.T, c *Client, raw string, n int) {
	t.Helper()
	for range n {
		u, err := c.URL(raw, "")
		check(t, err)
		if got, err := readPart(t, u); got != csvText || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

// TestConnectionsAreKept makes several requests one after another.
func TestConnectionsAreKept(t *testing.T) {
	zipped := gz(t, csvText)
	answers := map[string]struct {
		answer http.HandlerFunc
		conns  int32 // for four requests
	}{
		"chunked": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, csvText[:9])
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, csvText[9:])
		}, 1},
		"length": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, csvText) }, 1},
		"gzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped)
		}, 1},
		"redirects": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/to" {
				http.Redirect(w, r, "/to", http.StatusFound)
				return
			}
			_, _ = io.WriteString(w, csvText)
		}, 1},
		"informational": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, csvText)
		}, 1},
		"closed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, csvText)
		}, 4},
		"until closed":             {raw("HTTP/1.1 200 OK\r\n\r\n" + csvText), 4},
		"HTTP/1.0":                 {raw(fmt.Sprintf("HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(csvText), csvText)), 4},
		"closed without a warning": {raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(csvText), csvText)), 4},
	}
	for name, test := range answers {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, TLS: %v", name, secure), func(t *testing.T) {
				s := newCounted(t, secure, test.answer)
				o := trusting(t, s.Server)
				o.Retries = -1
				readAgain(t, newClient(t, o), s.URL, 4)
				if n := s.conns.Load(); n != test.conns {
					t.Errorf("%d connections, want %d", n, test.conns)
				}
			})
		}
	}
}

// TestClosedClientKeepsNothing uses a client after Close.
func TestClosedClientKeepsNothing(t *testing.T) {
	s := newCounted(t, false, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, csvText) })
	c := newClient(t, Options{})
	readAgain(t, c, s.URL, 2)
	c.Close()
	readAgain(t, c, s.URL, 2)
	if n := s.conns.Load(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

// TestSessionsAreResumed makes connections one after another.
func TestSessionsAreResumed(t *testing.T) {
	resumed := 0
	s := newCounted(t, true, func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.DidResume {
			resumed++
		}
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, csvText)
	})
	readAgain(t, newClient(t, trusting(t, s.Server)), s.URL, 4)
	if resumed != 3 {
		t.Errorf("%d of 4 sessions were resumed", resumed)
	}
}

// onlyHTTP2 makes s refuse clients that do not offer HTTP/2, with the alert
// no_application_protocol. It returns the number of handshakes.
func onlyHTTP2(s *httptest.Server) *atomic.Int32 {
	handshakes := new(atomic.Int32)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		handshakes.Add(1)
		if slices.Contains(hello.SupportedProtos, "h2") {
			return nil, nil
		}
		// A server of crypto/tls takes a client that offers only http/1.1 for
		// one that offers nothing, if it supports h2.
		return &tls.Config{Certificates: s.TLS.Certificates, NextProtos: []string{"none"}}, nil
	}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it reports the refusals
	return handshakes
}

// TestProtocolVersion offers HTTP/1.1 alone, and HTTP/2 to servers that refuse
// it.
func TestProtocolVersion(t *testing.T) {
	for name, test := range map[string]struct {
		prepare    func(s *httptest.Server) *atomic.Int32
		major      int
		handshakes int32 // for three requests; 0 means any
	}{
		"both":        {func(s *httptest.Server) *atomic.Int32 { s.EnableHTTP2 = true; return new(atomic.Int32) }, 1, 0},
		"only HTTP/2": {onlyHTTP2, 2, 4}, // HTTP/1.1 is offered once
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != test.major {
					t.Errorf("the request came over %s", r.Proto)
				}
				_, _ = io.WriteString(w, csvText)
			}))
			handshakes := test.prepare(s)
			s.StartTLS()
			t.Cleanup(s.Close)
			o := trusting(t, s)
			o.Retries = -1
			readAgain(t, newClient(t, o), s.URL, 3)
			if n := handshakes.Load(); n != test.handshakes {
				t.Errorf("%d handshakes, want %d", n, test.handshakes)
			}
		})
	}
}

// tcpServer serves each of its connections with f, over TCP. f gets the number
// of the connection, from 1.
func tcpServer(t *testing.T, f func(conn *net.TCPConn, requests *bufio.Reader, n int)) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for n := 1; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				f(conn.(*net.TCPConn), bufio.NewReader(conn), n)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// answerOne reads a request and responds to it.
func answerOne(conn net.Conn, requests *bufio.Reader) bool {
	if _, err := http.ReadRequest(requests); err != nil {
		return false
	}
	_, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(csvText), csvText)
	return err == nil
}

// TestRequestIsRepeatedOnce has a server close every connection after the first
// request without an answer: a new connection that fails is an attempt.
func TestRequestIsRepeatedOnce(t *testing.T) {
	var asked atomic.Int32
	address := tcpServer(t, func(conn *net.TCPConn, requests *bufio.Reader, n int) {
		if n == 1 {
			answerOne(conn, requests)
		}
		if _, err := http.ReadRequest(requests); err == nil {
			asked.Add(1)
		}
	})
	c := newClient(t, Options{Retries: -1})
	readAgain(t, c, address, 1)
	u, err := c.URL(address, "")
	check(t, err)
	if _, err := readPart(t, u); !errors.Is(err, ErrExhausted) || !errors.Is(err, io.ErrUnexpectedEOF) || asked.Load() != 2 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}

// TestNoRepetitionAfterAByte has a server answer with one byte on a kept
// connection, and with nothing for too long: both are failed attempts.
func TestNoRepetitionAfterAByte(t *testing.T) {
	for name, answer := range map[string]string{"a byte": "H", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			patience.Retry(t, func(scale time.Duration) error { return answerWith(t, answer, 200*time.Millisecond*scale) })
		})
	}
}

func answerWith(t *testing.T, answer string, limit time.Duration) error {
	var asked atomic.Int32
	address := tcpServer(t, func(conn *net.TCPConn, requests *bufio.Reader, _ int) {
		answerOne(conn, requests)
		if _, err := http.ReadRequest(requests); err != nil {
			return
		}
		asked.Add(1)
		_, _ = io.WriteString(conn, answer)
		if answer == "" {
			_, _ = io.Copy(io.Discard, requests)
		}
	})
	u, err := newClient(t, Options{Retries: -1, HeaderTimeout: limit}).URL(address, "")
	check(t, err)
	if _, err := readPart(t, u); err != nil {
		return err
	}
	_, err = readPart(t, u)
	if !errors.Is(err, ErrExhausted) || errors.Is(err, ErrTimeout) != (answer == "") || asked.Load() != 1 {
		return fmt.Errorf("asked %d times: %w", asked.Load(), err)
	}
	return nil
}

// TestWatchdogOfKeptConnections stalls the second response of a connection: the
// bytes of the first do not count.
func TestWatchdogOfKeptConnections(t *testing.T) {
	for _, secure := range []bool{false, true} {
		patience.Retry(t, func(scale time.Duration) error { return stallSecond(t, secure, 300*time.Millisecond*scale) })
	}
}

// stallSecond stalls the second response of a connection.
func stallSecond(t *testing.T, secure bool, limit time.Duration) error {
	long := strings.Repeat(csvText, 10_000)
	n := 0
	s := newCounted(t, secure, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(long)))
		if n++; n == 1 {
			_, _ = io.WriteString(w, long)
			return
		}
		_, _ = io.WriteString(w, csvText)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	o := trusting(t, s.Server)
	o.IdleTimeout = limit
	u, err := newClient(t, o).URL(s.URL, "")
	check(t, err)
	if got, err := readPart(t, u); got != long || err != nil {
		return fmt.Errorf("got %d bytes, %w", len(got), err)
	}
	if _, err := readPart(t, u); !errors.Is(err, ErrStalled) || s.conns.Load() != 1 {
		return fmt.Errorf("TLS: %v: got %w, over %d connections", secure, err, s.conns.Load())
	}
	return nil
}

// TestCancelOnAKeptConnection cancels a request: the connection is closed, and
// nothing is left.
func TestCancelOnAKeptConnection(t *testing.T) {
	begun := make(chan bool)
	n := 0
	s := newCounted(t, true, func(w http.ResponseWriter, r *http.Request) {
		if n++; n != 2 {
			_, _ = io.WriteString(w, csvText)
			return
		}
		w.(http.Flusher).Flush()
		begun <- true
		<-r.Context().Done()
	})
	c := newClient(t, trusting(t, s.Server))
	readAgain(t, c, s.URL, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	u, err := c.URL(s.URL, "")
	check(t, err)
	if _, err := readPartCtx(t, ctx, u); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	readAgain(t, c, s.URL, 1)
	if s.conns.Load() != 2 {
		t.Errorf("%d connections", s.conns.Load())
	}
}

// keptAnswer is the answer of a server that keeps its connections.
func keptAnswer(*simnet.Request) simnet.Answer {
	return simnet.Response{Framing: simnet.Length, Body: []byte(csvText)}.Answer()
}

// TestErrorOfTheNewConnection: if a request is repeated on a new connection,
// the error is about that one.
func TestErrorOfTheNewConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := true
		network := &simnet.Network{Answer: func(r *simnet.Request) simnet.Answer {
			up = false
			a := keptAnswer(r)
			a.Idle = simnet.Idle{Deaf: true}
			return a
		}, Connect: func(context.Context, string) simnet.Connect {
			if up {
				return simnet.Accept
			}
			return simnet.Refuse
		}}
		c := newClient(t, Options{Retries: -1, DialContext: network.DialContext})
		c.transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.test:3128"})
		readAgain(t, c, "http://server.test/", 1)
		u, err := c.URL("http://server.test/", "")
		check(t, err)
		const want = "through the proxy http://proxy.test:3128: connect to proxy.test:3128: connection refused"
		if _, err := readPart(t, u); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}
