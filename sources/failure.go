package sources

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"fastcount/internal/httpconn"
	"fastcount/internal/weburl"
)

// The errors of net/http, crypto/tls and crypto/x509 quote what a server sent:
// status lines, headers, chunk sizes, names in certificates. Patient ids and
// tokens can be in any of them. This file alone converts such errors: it
// classifies each and describes it in fixed words. Neither the text nor the
// error itself is passed on.

// failure describes why a transfer failed.
type failure struct {
	text   string
	kinds  []error // errors that it matches; none contains text of the server
	placed bool    // it depends on the position in a body, not on how the network splits it
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return f.kinds }

// transferError converts an error of net/http to the error of ctx, the context
// of the attempt, if it has ended; or else to a failure, which matches
// [ErrExhausted] unless another attempt cannot help.
func transferError(ctx context.Context, x *httpconn.Exchange, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if isOurs(err) {
		return err
	}
	p, silent := x.State()
	f := describe(err, p)
	if silent {
		f = timedOut("connect to the server")
	}
	if p <= httpconn.Handshaking && x.Proxy != nil {
		f.text = "through the proxy " + weburl.PublicOrigin(x.Proxy) + ": " + f.text
	}
	return f
}

// isOurs reports whether an error that net/http returns was created by this
// package.
func isOurs(err error) bool {
	if _, ok := errors.AsType[*StatusError](err); ok { // of a proxy
		return true
	}
	return errors.Is(err, ErrRedirect) || errors.Is(err, ErrArgument)
}

// describe classifies an error of net/http. A classifier returns nil for an
// error that is not of its kind.
func describe(err error, p httpconn.Phase) *failure {
	for _, classify := range []func(error, httpconn.Phase) *failure{
		certificateFailure, plainFailure, alertFailure, timeoutFailure, systemFailure, lookupFailure, socksFailure,
		endFailure, malformedFailure, handshakeFailure,
	} {
		if f := classify(err, p); f != nil {
			return f
		}
	}
	return transient(p, "the transfer failed")
}

// transient returns a failure that another attempt may avoid.
func transient(p httpconn.Phase, why string, kinds ...error) *failure {
	return &failure{text: p.String() + ": " + why, kinds: append(kinds, ErrExhausted)}
}

// denied returns a failure that another attempt cannot avoid.
func denied(text string, kinds ...error) *failure {
	return &failure{text: text, kinds: append(kinds, ErrDenied)}
}

func timedOut(where string) *failure {
	return &failure{text: ErrTimeout.Error() + ": " + where, kinds: []error{ErrExhausted, ErrTimeout}}
}

// certificateFailure classifies a certificate that is not valid for the server.
func certificateFailure(err error, _ httpconn.Phase) *failure {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		return nil
	}
	why := "not trusted"
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		why = "signed by an unknown authority"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		why = "for another host"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		why = "expired or not yet valid"
	}
	return denied(ErrCertificate.Error()+": "+why, ErrCertificate)
}

// plainFailure classifies a server that does not use TLS for an https URL, or
// uses it for an http URL.
// After the handshake, data that is not a TLS record is a damaged record.
func plainFailure(err error, p httpconn.Phase) *failure {
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case errors.Is(err, httpconn.ErrAlert):
		return denied(ErrRequiresTLS.Error(), ErrRequiresTLS)
	case errors.Is(err, http.ErrSchemeMismatch), noTLS && p <= httpconn.Handshaking:
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

// alertFailure classifies an alert that ended TLS. The text of an alert is from
// a fixed list.
func alertFailure(err error, p httpconn.Phase) *failure {
	alert, remote, ok := httpconn.Alert(err)
	switch {
	case !ok:
		return nil
	case slices.Contains(transientAlerts, alert):
		return transient(p, alert.Error())
	}
	return denied(ErrTLS.Error()+": "+describeAlert(alert, remote), ErrTLS)
}

// describeAlert describes an alert. Those of a server about certificates are
// about that of the client.
func describeAlert(alert tls.AlertError, remote bool) string {
	text := strings.TrimPrefix(alert.Error(), "tls: ")
	if remote && (alert >= 42 && alert <= 46 || alert == 48) {
		return "the server does not accept the client certificate, or requires one: " + text
	}
	if remote && alert == 116 {
		return "the server requires a client certificate"
	}
	return text
}

// timeoutFailure classifies a timeout. It drops the error, which would match
// [context.DeadlineExceeded] as if the context of the caller had ended.
func timeoutFailure(err error, p httpconn.Phase) *failure {
	timeout, ok := errors.AsType[net.Error](err)
	if !ok || !timeout.Timeout() {
		return nil
	}
	if dial, ok := errors.AsType[*httpconn.DialError](err); ok {
		f := timedOut("connect to " + dial.Address)
		f.kinds = append(f.kinds, errUnreached)
		return f
	}
	return timedOut(p.String())
}

// systemFailure classifies an error of the operating system.
func systemFailure(err error, p httpconn.Phase) *failure {
	number, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return nil
	}
	if dial, ok := errors.AsType[*httpconn.DialError](err); ok {
		return &failure{text: "connect to " + dial.Address + ": " + number.Error(), kinds: []error{ErrExhausted, errUnreached, number}}
	}
	return transient(p, number.Error(), number)
}

func lookupFailure(err error, _ httpconn.Phase) *failure {
	dns, ok := errors.AsType[*net.DNSError](err)
	if !ok {
		return nil
	}
	f := &failure{text: "look up " + dns.Name + ": the name server failed", kinds: []error{ErrExhausted, errUnreached}}
	if dns.IsNotFound {
		f.text = "look up " + dns.Name + ": " + ErrUnknownHost.Error()
		f.kinds = append(f.kinds, ErrUnknownHost)
	}
	return f
}

// socksRefusals are parts of the errors of net/http for a SOCKS proxy that
// denies access.
var socksRefusals = []string{"connection not allowed by ruleset", "no acceptable authentication methods",
	"username/password authentication failed", "invalid username/password"}

func socksFailure(err error, p httpconn.Phase) *failure {
	if p != httpconn.Connecting {
		return nil
	}
	for _, reply := range socksRefusals {
		if strings.Contains(err.Error(), reply) {
			return denied(ErrProxy.Error()+": "+reply, ErrProxy)
		}
	}
	return nil
}

func endFailure(err error, p httpconn.Phase) *failure {
	// net/http reports a closed connection before the headers by a text alone.
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		p == httpconn.Awaiting && strings.Contains(err.Error(), "server closed idle connection") {
		f := transient(p, "unexpected end of the connection", io.ErrUnexpectedEOF)
		f.placed = true
		return f
	}
	return nil
}

// malformations are parts of the errors of net/http, net/textproto and their
// implementation of HTTP/2, with their meanings. The rest of such an error
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

func malformedFailure(err error, p httpconn.Phase) *failure {
	if p < httpconn.Awaiting {
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

// handshakeFailure classifies other failures of a handshake: client and server
// have no common TLS version or parameters, or the server violates the
// protocol.
func handshakeFailure(err error, p httpconn.Phase) *failure {
	if p != httpconn.Handshaking || errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return denied(ErrTLS.Error()+": no common version or parameters", ErrTLS)
}
