package sources

import (
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
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
	"fastcount/internal/testing/simnet"
)

// throughProxy returns the part of a URL that is read through a proxy.
func throughProxy(t *testing.T, o Options, proxy, raw string) *URL {
	t.Helper()
	via, err := url.Parse(proxy)
	check(t, err)
	c := newClient(t, o)
	c.transport.Proxy = http.ProxyURL(via)
	u, err := c.URL(raw, "")
	check(t, err)
	return u
}

// TestRefusalOfAProxy: an error names the proxy, without its password, and is
// final unless its status is temporary.
func TestRefusalOfAProxy(t *testing.T) {
	const socksHello, socksDenied = "\x05\x00", "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"
	tests := []struct {
		name, proxy, answer string
		denied              bool
	}{
		{"403", "http://", "HTTP/1.1 403 P007~id\r\n\r\n", true},
		{"407", "http://", "HTTP/1.1 407 P007~id\r\nProxy-Authenticate: Basic\r\n\r\n", true},
		{"a redirect", "http://", "HTTP/1.1 302 P007~id\r\nLocation: http://portal.test/\r\n\r\n", true},
		{"502", "http://", "HTTP/1.1 502 P007~id\r\n\r\n", false},
		{"429", "http://", "HTTP/1.1 429 P007~id\r\n\r\n", false},
		{"not HTTP", "http://", "P007~id\r\n\r\n", false},
		{"SOCKS", "socks5://", socksHello + socksDenied, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := Options{DialContext: pipeTo(func(conn net.Conn) {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 4096))
				if head, rest, ok := strings.Cut(test.answer, socksDenied); ok && rest == "" {
					_, _ = io.WriteString(conn, head)
					_, _ = conn.Read(make([]byte, 4096))
					_, _ = io.WriteString(conn, socksDenied)
					return
				}
				_, _ = io.WriteString(conn, test.answer)
			})}
			part := throughProxy(t, o, test.proxy+"me:canary@proxy.test:3128", "https://server.test/x.csv")
			_, err := readPart(t, part)
			if errors.Is(err, ErrDenied) != test.denied || errors.Is(err, ErrProxy) != test.denied || errors.Is(err, ErrExhausted) == test.denied {
				t.Errorf("got %v", err)
			}
			if again := judge(err) == always; again == test.denied {
				t.Errorf("it is tried again: %v", again)
			}
			if !strings.Contains(err.Error(), test.proxy+"proxy.test:3128") || strings.Contains(err.Error(), "canary") {
				t.Errorf("the proxy is not named, or its password is: %v", err)
			}
			mustNotLeak(t, err)
		})
	}
}

// TestSilentProxy uses a proxy that accepts connections and never responds.
func TestSilentProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{DialContext: silentServer("")}
		begin := time.Now()
		_, err := readPart(t, throughProxy(t, o, "http://proxy.test", "https://server.test/x.csv"))
		if !errors.Is(err, ErrTimeout) || judge(err) != always || time.Since(begin) > 2*time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}

// TestRefusalByTLS checks that a server without common TLS parameters is not
// tried again.
func TestRefusalByTLS(t *testing.T) {
	for name, config := range map[string]*tls.Config{
		"an old version":            {MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10},
		"a certificate is required": {ClientAuth: tls.RequireAnyClientCert},
		"the same, TLS 1.2":         {ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			s.TLS = config
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.StartTLS()
			t.Cleanup(s.Close)
			o := Options{CAFile: certificateFile(t, s.Certificate())}
			_, err := readPart(t, urlPart(t, o, s.URL))
			if !errors.Is(err, ErrTLS) || !errors.Is(err, ErrDenied) || errors.Is(err, ErrExhausted) || judge(err) != never {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestNothingListens limits the attempts to three if no connection was ever
// made; a server that was reached before may return.
func TestNothingListens(t *testing.T) {
	for _, reached := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			network := &simnet.Network{Connect: func(context.Context, string) simnet.Connect {
				if asked++; reached && asked == 1 {
					return simnet.Drop
				}
				return simnet.Refuse
			}}
			c := newClient(t, Options{Server: "http://server.test", DialContext: network.DialContext})
			_, err := c.Exports(t.Context())
			want := 3
			if reached {
				want = 8
			}
			if asked != want || !errors.Is(err, syscall.ECONNREFUSED) || !errors.Is(err, ErrExhausted) {
				t.Errorf("reached before: %v: %d attempts, %v", reached, asked, err)
			}
		})
	}
}

// TestProbeIsAnAttempt: a server that cannot be reached is not connected to
// more often, or waited for longer, because it was probed first.
func TestProbeIsAnAttempt(t *testing.T) {
	for connect, attempts := range map[simnet.Connect]int{simnet.Refuse: 3, simnet.Ignore: 1} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			network := &simnet.Network{Connect: func(context.Context, string) simnet.Connect {
				asked++
				return connect
			}}
			part := urlPart(t, Options{DialContext: network.DialContext}, "http://server.test/x.csv")
			begin := time.Now()
			if err := part.Probe(t.Context()); !errors.Is(err, errUnreached) {
				t.Errorf("probe: %v", err)
			}
			_, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{})
			if !errors.Is(err, ErrExhausted) || asked != attempts || connect == simnet.Ignore && time.Since(begin) > 10*time.Second {
				t.Errorf("%v after %v and %d attempts to connect, want %d", err, time.Since(begin), asked, attempts)
			}
		})
	}
}

// TestEveryConnectionIsClosed makes each kind of request, with and without
// failures, and counts the connections left open.
func TestEveryConnectionIsClosed(t *testing.T) {
	answers := leakyAnswers(leakedID)
	answers["fine"] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + csvText
	answers["kept"] = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(csvText), csvText)
	answers["never ends"] = "HTTP/1.1 503 No\r\nContent-Length: 100000\r\n\r\n{"
	for name, wire := range answers {
		synctest.Test(t, func(t *testing.T) {
			network := &simnet.Network{Answer: func(*simnet.Request) simnet.Answer {
				return simnet.Answer{Wire: []byte(wire), End: simnet.Stall}
			}}
			c := newClient(t, Options{Server: "http://server.test", Retries: -1, DialContext: network.DialContext})
			askAll(t, c)
			c.Close()
			synctest.Wait()
			if n := network.Open(); n > 0 {
				t.Errorf("%s: %d connections are left open", name, n)
			}
		})
	}
}

// TestServersThatAreNotThere: the first request to a server or proxy that
// cannot be reached fails within ten seconds, and the error names it.
func TestServersThatAreNotThere(t *testing.T) {
	system := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	tests := map[string]struct {
		dial     func(ctx context.Context) error
		attempts int
		text     string // after the name of the proxy
		address  string // "look up" names no port
	}{
		"nothing listens": {func(context.Context) error { return system(syscall.ECONNREFUSED) }, 3, ": connection refused", "connect to %s:%s"},
		"no route":        {func(context.Context) error { return system(syscall.EHOSTUNREACH) }, 3, ": no route to host", "connect to %s:%s"},
		"no answer":       {func(ctx context.Context) error { <-ctx.Done(); return system(ctx.Err()) }, 1, "", "timeout: connect to %s:%s"},
		"no such host": {func(context.Context) error { return system(&net.DNSError{IsNotFound: true, Name: "HOST"}) }, 3,
			": no such host", "look up HOST"},
	}
	for name, test := range tests {
		for _, proxy := range []string{"", "http://proxy.test:3128"} {
			t.Run(name+" "+proxy, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					asked := 0
					o := Options{Server: "http://server.test", DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
						asked++
						return nil, test.dial(ctx)
					}}
					c := newClient(t, o)
					want := strings.NewReplacer("%s:%s", "server.test:80").Replace(test.address) + test.text
					if proxy != "" {
						via, err := url.Parse(proxy)
						check(t, err)
						c.transport.Proxy = http.ProxyURL(via)
						want = "through the proxy " + proxy + ": " + strings.NewReplacer("%s:%s", "proxy.test:3128").Replace(test.address) + test.text
					}
					begin := time.Now()
					_, err := c.Exports(t.Context())
					if asked != test.attempts || !errors.Is(err, ErrExhausted) || !strings.HasPrefix(err.Error(), want) {
						t.Errorf("%d attempts: got  %v\nwant %s", asked, err, want)
					}
					if took := time.Since(begin); took > 10*time.Second {
						t.Errorf("it took %v", took)
					}
				})
			})
		}
	}
}

// TestServersThatWereThere: all attempts are made to connect to a server that
// was reached before, whatever happens at another one.
func TestServersThatWereThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up, asked := true, 0
		network := &simnet.Network{Answer: keptAnswer, Connect: func(_ context.Context, address string) simnet.Connect {
			if up {
				return simnet.Accept
			}
			asked++
			return simnet.Ignore
		}}
		c := newClient(t, Options{Retries: 4, DialContext: network.DialContext})
		readAgain(t, c, "http://here.test/", 1)
		up = false
		for raw, want := range map[string]int{"http://here.test/": 5, "http://there.test/": 1} {
			time.Sleep(time.Hour) // until no connection is idle
			asked = 0
			u, err := c.URL(raw, "")
			check(t, err)
			_, err = engine.Run(t.Context(), []engine.Part{u}, engine.Config{})
			if asked != want || !errors.Is(err, ErrTimeout) {
				t.Errorf("%s: %d attempts, want %d: %v", raw, asked, want, err)
			}
		}
	})
}
