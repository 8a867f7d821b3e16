package sources

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// The errors of net/http, crypto/tls and crypto/x509 quote what a server sent:
// status lines, headers, chunk sizes, names in certificates. Patient ids and
// tokens can be in any of them. This file is the one place where such an error
// becomes one of this package: it is classified, and described in words of our
// own. Neither its text nor the error itself goes any further.

// failure describes why a transfer failed.
type failure struct {
	text   string
	kinds  []error // that it matches; none of them has a text of the server
	placed bool    // it is of one place in a body, wherever the network splits it
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return f.kinds }

// transferError returns what an error of net/http means: the end of ctx, which
// is that of the attempt; something that another attempt cannot change; or a
// failure of the transfer, which matches ErrExhausted.
func transferError(ctx context.Context, x *exchange, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if isOurs(err) {
		return err
	}
	p, _, silent := x.state()
	f := describe(err, p)
	if silent {
		f = timedOut("connect to the server")
	}
	if p <= handshaking && x.proxy != nil {
		f.text = "through the proxy " + publicOrigin(x.proxy) + ": " + f.text
	}
	return f
}

// isOurs reports whether an error that comes out of net/http was made here.
func isOurs(err error) bool {
	if _, ok := errors.AsType[*StatusError](err); ok { // of a proxy
		return true
	}
	return errors.Is(err, ErrRedirect) || errors.Is(err, ErrArgument)
}

// describe classifies an error of net/http. A classifier returns nil for an
// error that is not of its kind.
func describe(err error, p phase) *failure {
	for _, classify := range []func(error, phase) *failure{
		certificateFailure, plainFailure, alertFailure, timeoutFailure, systemFailure, lookupFailure, socksFailure,
		endFailure, malformedFailure, handshakeFailure,
	} {
		if f := classify(err, p); f != nil {
			return f
		}
	}
	return transient(p, "the transfer failed")
}

// transient returns a failure that may pass.
func transient(p phase, why string, kinds ...error) *failure {
	during := [...]string{"connect", "TLS handshake", "response headers", "response body"}[p]
	return &failure{text: during + ": " + why, kinds: append(kinds, ErrExhausted)}
}

// denied returns a failure that another attempt does not change.
func denied(text string, kinds ...error) *failure {
	return &failure{text: text, kinds: append(kinds, ErrDenied)}
}

func timedOut(where string) *failure {
	return &failure{text: ErrTimeout.Error() + ": " + where, kinds: []error{ErrExhausted, ErrTimeout}}
}

// certificateFailure classifies a certificate that does not prove who the
// server is.
func certificateFailure(err error, _ phase) *failure {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		return nil
	}
	why := "it is not trusted"
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		why = "signed by an unknown authority"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		why = "it is for another host"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		why = "it has expired or is not yet valid"
	}
	return denied(ErrCertificate.Error()+": "+why, ErrCertificate)
}

// plainFailure classifies a server that does not use TLS where https is asked
// for. Later in a connection, what is not a TLS record is a damaged one.
func plainFailure(err error, p phase) *failure {
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case errors.Is(err, http.ErrSchemeMismatch), noTLS && p <= handshaking:
		return denied(ErrPlainHTTP.Error(), ErrPlainHTTP)
	case noTLS:
		return transient(p, "malformed TLS record")
	}
	return nil
}

// transientAlerts are the TLS alerts (RFC 8446, section 6) of a connection that
// was damaged, or of a server in trouble. All others are about what one side
// accepts of the other, such as versions and certificates.
var transientAlerts = []tls.AlertError{0, 10, 20, 21, 22, 50, 51, 80, 90}

// alertFailure classifies an alert by which one side ended TLS. The text of an
// alert is one of a fixed list.
func alertFailure(err error, p phase) *failure {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" && op.Op != "local error" {
		return nil
	}
	for _, alert := range transientAlerts {
		if op.Err.Error() == alert.Error() {
			return transient(p, alert.Error())
		}
	}
	for code := range 256 {
		if alert := tls.AlertError(code); op.Err.Error() == alert.Error() {
			return denied(ErrTLS.Error()+": "+strings.TrimPrefix(alert.Error(), "tls: "), ErrTLS)
		}
	}
	return nil
}

// timeoutFailure does not keep the error: it would match
// context.DeadlineExceeded, as if the time of the caller were over.
func timeoutFailure(err error, p phase) *failure {
	timeout, ok := errors.AsType[net.Error](err)
	if !ok || !timeout.Timeout() {
		return nil
	}
	where := [...]string{"connect", "TLS handshake", "response headers", "response body"}[p]
	if dial, ok := errors.AsType[*dialError](err); ok {
		where = "connect to " + dial.address
	}
	return timedOut(where)
}

// systemFailure classifies what the operating system reports.
func systemFailure(err error, p phase) *failure {
	number, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return nil
	}
	if dial, ok := errors.AsType[*dialError](err); ok {
		return &failure{text: "connect to " + dial.address + ": " + number.Error(), kinds: []error{ErrExhausted, number}}
	}
	return transient(p, number.Error(), number)
}

func lookupFailure(err error, _ phase) *failure {
	dns, ok := errors.AsType[*net.DNSError](err)
	if !ok {
		return nil
	}
	why := "the name server failed"
	if dns.IsNotFound {
		why = "no such host"
	}
	return &failure{text: fmt.Sprintf("look up %s: %s", dns.Name, why), kinds: []error{ErrExhausted}}
}

// socksRefusals are replies of a SOCKS proxy that denies access, as net/http
// words them.
var socksRefusals = []string{"connection not allowed by ruleset", "no acceptable authentication methods",
	"username/password authentication failed", "invalid username/password"}

func socksFailure(err error, p phase) *failure {
	if p != connecting {
		return nil
	}
	for _, reply := range socksRefusals {
		if strings.Contains(err.Error(), reply) {
			return denied(ErrProxy.Error()+": "+reply, ErrProxy)
		}
	}
	return nil
}

func endFailure(err error, p phase) *failure {
	// net/http reports a closed connection before the headers by a text alone.
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		p == awaiting && strings.Contains(err.Error(), "server closed idle connection") {
		f := transient(p, "unexpected end of the connection", io.ErrUnexpectedEOF)
		f.placed = true
		return f
	}
	return nil
}

// malformations are the beginnings of texts of net/http, net/textproto and
// their implementation of HTTP/2, and what they mean. The rest of such a text
// quotes the server.
var malformations = []struct{ text, meaning string }{
	{"malformed HTTP response", "not an HTTP response"},
	{"malformed HTTP status code", "malformed status line"},
	{"malformed HTTP version", "malformed status line"},
	{"malformed MIME header", "malformed header or trailer line"},
	{"line too long", "a line is too long"},
	{"server response headers exceeded", "headers are too long"},
	{"header list too large", "headers are too long"},
	{"too many 1xx", "too many informational responses"},
	{"Content-Length", "malformed Content-Length"},
	{"transfer encoding", "unsupported Transfer-Encoding"},
	{"chunk", "malformed chunk"},
	{"trailer", "malformed trailer"},
	{"message cannot contain multiple", "more than one length"},
	{"stream error", "HTTP/2 stream error"},
	{"GOAWAY", "the server ended the HTTP/2 connection"},
	{"connection error", "HTTP/2 protocol error"},
	{"http2", "HTTP/2 protocol error"},
}

func malformedFailure(err error, p phase) *failure {
	if p < awaiting {
		return nil
	}
	text := err.Error()
	for _, m := range malformations {
		if strings.Contains(text, m.text) {
			f := transient(p, m.meaning)
			f.placed = true
			return f
		}
	}
	return nil
}

// handshakeFailure classifies what is left of a handshake: the two sides have
// no version or parameters of TLS in common, or the server violates the protocol.
func handshakeFailure(err error, p phase) *failure {
	if p != handshaking || errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return denied(ErrTLS.Error()+": no common version or parameters", ErrTLS)
}
