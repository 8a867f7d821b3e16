package sources

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"
)

// maxHead is the maximum size of the headers of a response in bytes.
const maxHead = 256 << 10

// newTransport returns a transport for requests that a [conn] cannot carry: to
// servers that accept only HTTP/2, through SOCKS proxies, and to hosts whose
// names are not ASCII. It uses each connection once: net/http would log what a
// server sends on an idle connection, and an HTTP/2 connection would carry
// several bodies, of which one that stalls could not be detected.
func (c *Client) newTransport(config *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:                  func(r *http.Request) (*url.URL, error) { return c.proxy(r) },
		OnProxyConnectResponse: proxyRefusal,
		DialContext:            c.opts.dial,
		TLSClientConfig:        config.Clone(), // net/http changes it
		TLSHandshakeTimeout:    c.opts.TLSTimeout,
		ResponseHeaderTimeout:  c.opts.HeaderTimeout,
		DisableCompression:     true, // fetch negotiates and decodes, and so sees sizes and ends as sent
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHead,
		ReadBufferSize:         bufferSize,
		// Pings detect a dead HTTP/2 connection; otherwise the next attempt
		// would be sent over it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
	}
}

// proxy is [http.ProxyFromEnvironment] with an error that does not quote the
// password of the proxy.
func proxy(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, mark(ErrArgument, errors.New("proxy in the environment: not a valid URL"))
	}
	return u, nil
}

// proxyRefusal returns an error if the proxy did not connect to the server.
func proxyRefusal(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return newProxyError(proxy, resp)
}

func newProxyError(proxy *url.URL, resp *http.Response) *StatusError {
	return &StatusError{Code: resp.StatusCode, Proxy: publicOrigin(proxy),
		RetryAfter: parseRetryAfter(resp.Header.Get("Retry-After"), time.Now())}
}

// readRoots returns the certificates of the system and of the file. It returns
// nil, which means those of the system, if file is empty.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("certificates of the system: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, mark(ErrArgument, fmt.Errorf("%s: no PEM certificate found", file))
	}
	return roots, nil
}
