package sources

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// proxyServer starts a proxy, with TLS or without. It returns the Host headers
// of the requests to it.
func proxyServer(t *testing.T, secure bool) (*counted, chan string) {
	hosts := make(chan string, 100)
	s := newCounted(t, secure, func(w http.ResponseWriter, r *http.Request) {
		hosts <- r.Method + " " + r.Host
		if _, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth(); password != "canary" {
			t.Errorf("the proxy got %v", r.Header)
		}
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			t.Error("the proxy got the certificate of the client")
		}
		if r.Method == http.MethodConnect {
			relay(t, w, r.Host)
			return
		}
		if r.URL.Scheme != "http" || r.URL.Host != r.Host {
			t.Errorf("the proxy was asked for %s", r.URL)
		}
		r.RequestURI = ""
		r.Header.Del("Proxy-Authorization")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		_, _ = io.Copy(w, resp.Body)
	})
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return s, hosts
}

// relay connects a client of a proxy to a server.
func relay(t *testing.T, w http.ResponseWriter, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connected\r\n\r\n")
	go func() { _, _ = io.Copy(server, client); server.Close() }()
	_, _ = io.Copy(client, server)
	client.Close()
}

// TestProxies keeps connections through proxies of http and https, to servers
// of both. The password of the proxy reaches the proxy alone.
func TestProxies(t *testing.T) {
	for _, secureProxy := range []bool{false, true} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("proxy with TLS: %v, server: %v", secureProxy, secure), func(t *testing.T) {
				s := newCounted(t, secure, func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Proxy-Authorization") != "" || r.Header.Get("Authorization") != "Bearer token" {
						t.Errorf("the server got %v", r.Header)
					}
					_, _ = io.WriteString(w, csvText)
				})
				proxy, hosts := proxyServer(t, secureProxy)
				via, err := url.Parse(proxy.URL)
				check(t, err)
				via.User = url.UserPassword("me", "canary")
				o := Options{Server: s.URL, Token: "token", Retries: -1}
				if secure || secureProxy {
					o.ClientCert, o.ClientKey = newAuthority(t).issued(t)
					o.CAFile = certificateFile(t, cmp.Or(s.Certificate(), proxy.Certificate())) // all servers of httptest have the same
				}
				c := newClient(t, o)
				c.transport.Proxy = http.ProxyURL(via)
				readAgain(t, c, s.URL, 3)
				want, requests := "GET "+strings.TrimPrefix(s.URL, "http://"), 3
				if secure {
					want, requests = "CONNECT "+strings.TrimPrefix(s.URL, "https://"), 1
				}
				if got := <-hosts; got != want || len(hosts) != requests-1 {
					t.Errorf("the proxy got %s and %d more", got, len(hosts))
				}
				if proxy.conns.Load() != 1 || secure && s.conns.Load() != 1 {
					t.Errorf("%d connections to the proxy, %d to the server", proxy.conns.Load(), s.conns.Load())
				}
			})
		}
	}
}
