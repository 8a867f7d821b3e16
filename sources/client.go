package sources

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"fastcount/internal/filter"
	"fastcount/internal/httpconn"
	"fastcount/internal/redact"
	"fastcount/internal/weburl"
)

// Options configures a [Client]. The zero value is ready to use for URLs;
// exports need a Server. [DefaultOptions] returns what replaces a zero number,
// duration or name.
type Options struct {
	// Server is the base URL of the export API, such as https://host/prefix.
	Server string

	// Token is sent as "Authorization: Bearer" to the origin (scheme, host,
	// port) of Server and to no other.
	Token string

	// Header holds further headers, which are sent to that origin alone, too.
	Header http.Header

	// RenewToken, if set, returns the present value of a Token that may have
	// been renewed. It is called after a server has denied access (401), and
	// the request is repeated once if the value differs from the one that was
	// sent.
	RenewToken func() (string, error)

	// AllowHTTPToken permits sending Token and the headers that
	// IsSecretHeader reports over plain http. Without it they are refused
	// for an http Server that is not on this machine.
	AllowHTTPToken bool

	// CAFile names a file of PEM certificates to trust in addition to those
	// of the system.
	CAFile string

	// ClientCert and ClientKey name the PEM files of a certificate, with its
	// chain, and of its private key, which may be one file. They identify the
	// client to servers that require that: to Server and, unless ServerOnly is
	// set, those of URLs, but not to proxies, nor to the targets of redirects
	// to other origins.
	ClientCert, ClientKey string

	// ServerOnly restricts the certificate to the origin of Server. It is for
	// URLs that the user has not named, such as those of a plan.
	ServerOnly bool

	// AllowRedirect lists the places, each HOST or HOST:PORT, to which requests
	// for data may be redirected from other origins, as those of an API may be
	// to an object store. They are sent no secrets. Without PORT, it is that of
	// the scheme. A redirect from https to http is never followed.
	AllowRedirect []string

	ConnectTimeout time.Duration // to connect
	TLSTimeout     time.Duration // for a TLS handshake
	HeaderTimeout  time.Duration // from the request to the end of the response headers
	IdleTimeout    time.Duration // without progress in a response body

	// Retries is the number of attempts after the first. A negative number
	// means no retries.
	Retries int

	// Retrying, if set, is called after each failed request to the API that is
	// repeated: with what was requested, the number of the attempt that failed,
	// from 1, its error, and the time until the next. It is called by several
	// goroutines concurrently. For attempts to read a part, engine.Config has
	// such a function.
	Retrying func(what string, attempt int, err error, wait time.Duration)

	// Transfers is the number of concurrent requests for metadata.
	Transfers int

	// UserAgent is sent with every request.
	UserAgent string

	// MaxJSON is the maximum size of a response of the API in bytes.
	MaxJSON int

	// MaxDownloads is the maximum number of ids in a list of the API.
	MaxDownloads int

	// MaxDeclared is the maximum number of patients and event types that all
	// downloads of an export declare, counted once for each download.
	MaxDeclared int

	// MaxWindow is the maximum window of zstd data in bytes.
	MaxWindow uint64

	// Pre is a command that the data of each URL and download is piped
	// through, as LocalOptions.Pre describes it. The empty string means none.
	Pre string

	// DialContext makes connections, by default those of a net.Dialer. It
	// must return when its context ends, which is after ConnectTimeout at
	// the latest. The connections must support deadlines.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// DefaultOptions returns the default of every option that has one.
func DefaultOptions() Options {
	return Options{
		ConnectTimeout: 10 * time.Second,
		TLSTimeout:     10 * time.Second,
		HeaderTimeout:  30 * time.Second,
		IdleTimeout:    60 * time.Second,
		Retries:        7,
		Transfers:      4,
		UserAgent:      "fastcount",
		MaxJSON:        16 << 20,
		MaxDownloads:   100_000,
		MaxDeclared:    1 << 24,
		MaxWindow:      DefaultHTTPWindow,
		DialContext:    (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext,
	}
}

// withDefaults returns o with the zero values replaced by defaults.
func (o Options) withDefaults() Options {
	d := DefaultOptions()
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, d.ConnectTimeout)
	o.TLSTimeout = cmp.Or(o.TLSTimeout, d.TLSTimeout)
	o.HeaderTimeout = cmp.Or(o.HeaderTimeout, d.HeaderTimeout)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, d.IdleTimeout)
	o.Retries = cmp.Or(o.Retries, d.Retries)
	o.Transfers = cmp.Or(o.Transfers, d.Transfers)
	o.UserAgent = cmp.Or(o.UserAgent, d.UserAgent)
	o.MaxJSON = cmp.Or(o.MaxJSON, d.MaxJSON)
	o.MaxDownloads = cmp.Or(o.MaxDownloads, d.MaxDownloads)
	o.MaxDeclared = cmp.Or(o.MaxDeclared, d.MaxDeclared)
	o.MaxWindow = cmp.Or(o.MaxWindow, d.MaxWindow)
	if o.DialContext == nil {
		o.DialContext = d.DialContext
	}
	return o
}

// Client reads exports and URLs over HTTP. It is safe for concurrent use. It
// keeps connections for further requests; [Client.Close] closes them.
type Client struct {
	opts      Options
	server    *url.URL // nil without a server
	transport httpconn.Transport
	tokens    tokens
	pre       *filter.Command
}

// NewClient returns a client. It reads CAFile but does not connect. The error
// matches [ErrArgument] for an invalid option, and [ErrDenied] for a secret
// that would be sent unencrypted.
func NewClient(o Options) (*Client, error) {
	pre, err := parsePre(o.Pre)
	if err != nil {
		return nil, err
	}
	c := &Client{opts: o.withDefaults(), pre: pre, tokens: tokens{renew: o.RenewToken}}
	if o.Token != "" {
		c.tokens.used = []string{o.Token}
	}
	if o.Server != "" {
		if c.server, err = parseServer(o.Server); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(checkHeader(o.Header), c.checkSecrets(), checkPlaces(o.AllowRedirect)); err != nil {
		return nil, err
	}
	roots, err := readRoots(o.CAFile)
	if err != nil {
		return nil, err
	}
	identity, err := readCertificate(o.ClientCert, o.ClientKey)
	if err != nil {
		return nil, err
	}
	o = c.opts
	c.transport = httpconn.Transport{
		DialContext:   o.DialContext,
		Proxy:         proxyFor,
		TLS:           newTLS(roots),
		AnonymousTLS:  newTLS(roots),
		DialTimeout:   o.ConnectTimeout,
		TLSTimeout:    o.TLSTimeout,
		HeaderTimeout: o.HeaderTimeout,
		IdleTimeout:   o.IdleTimeout,
		UserAgent:     o.UserAgent,
	}
	if identity != nil {
		// With the field Certificates, crypto/tls would not send a certificate
		// that seems unacceptable, and the server could not report the reason.
		c.transport.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return identity, nil }
	}
	return c, nil
}

// newTLS returns a configuration of TLS, without the name of a server.
func newTLS(roots *x509.CertPool) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(maxSessions)}
}

// maxSessions is the maximum number of servers whose TLS sessions are kept.
const maxSessions = 256

// Close closes idle connections. The client remains usable, but keeps no
// connections from then on.
func (c *Client) Close() { c.transport.CloseIdle() }

// checkSecrets rejects a token that is not a valid header value, and secrets
// that would be sent unencrypted.
func (c *Client) checkSecrets() error {
	if err := checkToken(c.opts.Token); err != nil {
		return err
	}
	for name := range c.opts.Header {
		if http.CanonicalHeaderKey(name) == "Authorization" && c.opts.Token != "" {
			return mark(ErrArgument, errors.New("a token and an Authorization header are mutually exclusive"))
		}
	}
	if c.server == nil || c.server.Scheme == "https" || c.opts.AllowHTTPToken || loopback(c.server.Hostname()) {
		return nil
	}
	if c.opts.Token != "" || hasSecret(c.opts.Header) {
		return mark(ErrDenied, fmt.Errorf("a secret is not sent over plain http to %s", c.server.Host))
	}
	return nil
}

// reservedHeaders are set by net/http or by this package, or concern the
// connection. Values from a caller would be dropped.
var reservedHeaders = []string{"Accept-Encoding", "Connection", "Content-Length", "Host", "If-Range", "Keep-Alive",
	"Proxy-Connection", "Range", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// checkHeader rejects headers that cannot be sent. Its errors quote no value,
// which may be secret.
func checkHeader(h http.Header) error {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case name == "" || strings.ContainsFunc(name, notToken):
			return mark(ErrArgument, fmt.Errorf("header %s: invalid name", quote(name)))
		case slices.Contains(reservedHeaders, canonical):
			return mark(ErrArgument, fmt.Errorf("header %s: set automatically", canonical))
		case canonical == "Proxy-Authorization":
			return mark(ErrArgument, fmt.Errorf("header %s: the server would receive it; "+
				"the URL in HTTPS_PROXY or HTTP_PROXY holds the name and password for a proxy", canonical))
		}
		for _, v := range h[name] {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return mark(ErrArgument, fmt.Errorf("header %s: value contains a control character", name))
			}
		}
	}
	return nil
}

// checkPlaces rejects places of AllowRedirect that are not HOST or HOST:PORT.
func checkPlaces(places []string) error {
	for _, place := range places {
		if !weburl.ValidPlace(place) {
			return mark(ErrArgument, fmt.Errorf("redirects to %s: not HOST or HOST:PORT", quote(place)))
		}
	}
	return nil
}

// notToken reports whether r is not allowed in a token (RFC 9110, section
// 5.6.2).
func notToken(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

func hasSecret(h http.Header) bool {
	for name := range h {
		if IsSecretHeader(name) {
			return true
		}
	}
	return false
}

// IsSecretHeader reports whether the header of that name holds a secret. The
// case of name does not matter.
func IsSecretHeader(name string) bool { return redact.IsSecretHeader(name) }

// redactor returns a redactor of every secret that is sent with a request for u
// through the proxy, which may be nil.
func (c *Client) redactor(u, proxy *url.URL) *redact.Redactor {
	secrets := append(c.secrets(), redact.QuerySecrets(u)...)
	if proxy != nil && proxy.User != nil {
		password, _ := proxy.User.Password()
		user := proxy.User.Username()
		secrets = append(secrets, password, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	return redact.New(secrets)
}

// secrets returns the secrets that are sent with every request to the server.
func (c *Client) secrets() []string {
	secrets := c.tokens.all()
	for name, values := range c.opts.Header {
		for _, v := range values {
			secrets = append(secrets, redact.HeaderSecrets(name, v)...)
		}
	}
	return secrets
}

// minUnique is the length from which a secret does not occur in an id by
// chance.
const minUnique = 8

// repeats returns a function that reports whether an id contains a secret. Such
// an id must not be used, since messages contain ids.
func (c *Client) repeats() func(id string) bool {
	r := redact.New(slices.DeleteFunc(c.secrets(), func(s string) bool { return len(s) < minUnique }))
	return func(id string) bool { return r.Redact(id) != id }
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Server returns the base URL of the export API, normalized so that equal URLs
// give equal strings, or "" without a server. It contains no secret.
func (c *Client) Server() string {
	if c.server == nil {
		return ""
	}
	return weburl.Origin(c.server) + strings.TrimRight(c.server.EscapedPath(), "/")
}

// parseServer parses the base URL of an API.
func parseServer(raw string) (*url.URL, error) {
	u, err := parseURL(raw)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if u.RawQuery != "" || u.ForceQuery {
		return nil, mark(ErrArgument, errors.New("server: the URL has a query"))
	}
	return u, nil
}

// parseURL is [weburl.Parse] with errors that match [ErrArgument].
func parseURL(raw string) (*url.URL, error) {
	u, err := weburl.Parse(raw)
	if err != nil {
		return nil, mark(ErrArgument, err)
	}
	return u, nil
}
