package sources

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"fastcount/internal/compression"
	"fastcount/internal/httpconn"
	"fastcount/internal/weburl"
)

// newStatusError returns the error for a response whose status is not 200. An
// error reading its body is ignored, since the status matters more.
func (c *Client) newStatusError(resp *http.Response, x *exchange, body *stream, readable bool) error {
	e := &StatusError{Code: resp.StatusCode, RetryAfter: parseRetryAfter(resp.Header.Get("Retry-After"), time.Now())}
	if x.Proxy != nil && fromProxy(resp) {
		e.Proxy = weburl.PublicOrigin(x.Proxy)
	}
	e.token = x.token
	e.Basic = e.Code == http.StatusUnauthorized && asksForBasic(resp.Header)
	if !readable {
		return e
	}
	body.raw.limit = maxDetail + rawSlack
	text, err := readAll(body, maxDetail)
	if err != nil {
		return e
	}
	if resp.Request.URL.Scheme == "http" && e.Code == http.StatusBadRequest && containsAny(text, tlsPhrases) {
		return denied(ErrRequiresTLS.Error(), ErrRequiresTLS)
	}
	if e.Code == http.StatusBadRequest && containsAny(text, certificatePhrases) {
		return denied(ErrTLS.Error()+": the server does not accept the client certificate, or requires one", ErrTLS)
	}
	e.Expired = (e.Code == http.StatusForbidden || e.Code == http.StatusBadRequest) && containsAny(text, expiryPhrases)
	e.Detail = c.redactor(resp.Request.URL, x.Proxy).Redact(errorDetail(text))
	return e
}

// newProxyError returns the error for a proxy that does not connect to the
// server.
func (c *Client) newProxyError(proxy *url.URL, refused *httpconn.ProxyError) error {
	return &StatusError{
		Code:       refused.Code,
		Proxy:      weburl.PublicOrigin(proxy),
		RetryAfter: parseRetryAfter(refused.Header.Get("Retry-After"), time.Now()),
		Detail:     c.redactor(&url.URL{}, proxy).Redact(errorDetail(refused.Body)),
	}
}

// fromProxy reports whether a proxy, and not the server, created a response to
// a request that passed through one.
func fromProxy(resp *http.Response) bool {
	h := resp.Header
	return resp.StatusCode == http.StatusProxyAuthRequired || h.Get("X-Squid-Error") != "" ||
		strings.Contains(h.Get("Proxy-Status"), "error=") // RFC 9209
}

// asksForBasic reports whether a server offers the authentication scheme Basic
// (RFC 7617).
func asksForBasic(h http.Header) bool {
	for _, challenge := range h.Values("WWW-Authenticate") {
		for part := range strings.SplitSeq(challenge, ",") {
			scheme, _, _ := strings.Cut(strings.TrimSpace(part), " ")
			if strings.EqualFold(scheme, "Basic") {
				return true
			}
		}
	}
	return false
}

// tlsPhrases are parts of the responses of Go, nginx and Apache to an http
// request on a port for https.
var tlsPhrases = []string{"HTTP request to an HTTPS server", "HTTP request was sent to HTTPS port", "SSL-enabled server port"}

// certificatePhrases are parts of the responses of nginx to a request without a
// client certificate, and with one that it does not accept.
var certificatePhrases = []string{"No required SSL certificate was sent", "The SSL certificate error"}

// expiryPhrases are parts of the responses of S3, GCS and Azure to a URL whose
// signature has expired.
var expiryPhrases = []string{"Request has expired", "<Code>ExpiredToken</Code>", "signature expired", "Signature not valid in the specified time frame"}

func containsAny(text []byte, phrases []string) bool {
	for _, p := range phrases {
		if bytes.Contains(text, []byte(p)) {
			return true
		}
	}
	return false
}

// errorDetail returns the explanation in the body of an error response: the
// member detail of JSON, or the text of the element Message of the XML of an
// object store, or the title of a page. It returns "" without one.
func errorDetail(text []byte) string {
	if detail := jsonDetail(text); detail != "" {
		return detail
	}
	for _, element := range []*regexp.Regexp{messageElement, titleElement} {
		if m := element.FindSubmatch(text); m != nil {
			return strings.Join(strings.Fields(html.UnescapeString(string(m[1]))), " ")
		}
	}
	return ""
}

var (
	messageElement = regexp.MustCompile(`<Message>([^<]*)</Message>`)
	titleElement   = regexp.MustCompile(`(?i)<title(?:\s[^>]*)?>([^<]*)</title>`)
)

// contentEncoding returns the format of the Content-Encoding of a response.
func contentEncoding(h http.Header) (compression.Format, error) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ",")))
	switch encoding {
	case "", "identity":
		return compression.Plain, nil
	case "gzip", "x-gzip":
		return compression.Gzip, nil
	case "zstd":
		return compression.Zstd, nil
	case "br", "deflate", "compress": // no other text of a server is quoted
		return compression.Plain, mark(ErrContent, fmt.Errorf("%w: %s", ErrEncoding, encoding))
	}
	return compression.Plain, mark(ErrContent, fmt.Errorf("%w: not one of gzip, zstd and identity", ErrEncoding))
}
