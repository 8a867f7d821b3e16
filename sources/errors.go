package sources

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The kinds of failure that this package tells apart; its errors match them with errors.Is. What the operating
// system said stays reachable beside them (fs.ErrPermission, fs.ErrNotExist).
var (
	// ErrArgument says that an argument or option cannot be meant as it stands: not an http URL, not a possible
	// id, a URL that holds a password, a source that is named twice, a directory.
	ErrArgument = errors.New("argument cannot be used")

	// ErrTwoForms is returned for a file that is named twice, compressed and not,
	// or compressed in two ways. It matches ErrArgument.
	ErrTwoForms = errors.New("two forms of one file")

	// ErrNotRegular is returned for a FIFO, a socket or a device that a glob
	// matches. It matches ErrArgument.
	ErrNotRegular = errors.New("not a regular file")

	// ErrNotFound says that a source is not there: a file, a match of a glob, an export, a download, a URL.
	ErrNotFound = errors.New("not found")

	// ErrDenied says that access was refused, by the server (401, 403), by TLS (its certificate is not trusted),
	// or by this package, which sends no secret over plain http.
	ErrDenied = errors.New("not allowed")

	// ErrCertificate reports that the certificate of a server does not prove
	// who it is. It matches ErrDenied.
	ErrCertificate = errors.New("the certificate of the server is not valid")

	// ErrPlainHTTP reports that a server does not use TLS where https is asked
	// for. It matches ErrDenied.
	ErrPlainHTTP = errors.New("the server does not use TLS")

	// ErrTLS reports that the two sides cannot agree on TLS, or that the server
	// wants a certificate of the client. It matches ErrDenied.
	ErrTLS = errors.New("TLS refused")

	// ErrProxy reports that a proxy denies access. It matches ErrDenied.
	ErrProxy = errors.New("the proxy denies access")

	// ErrExhausted matches every failure that is worth another attempt. A failure that comes out of a Client
	// method or out of a run and matches it is the last one: the attempts, or the patience with Retry-After, are used up.
	ErrExhausted = errors.New("retries used up")

	// ErrStalled says that a server sent nothing, or next to nothing, for the idle timeout. It matches ErrExhausted.
	ErrStalled = errors.New("the transfer stalled")

	// ErrTimeout says that a connection, a TLS handshake or an answer's headers took too long. It matches ErrExhausted.
	ErrTimeout = errors.New("timeout")

	// ErrRedirect says that a server wanted to send the client to another origin, or too often around.
	ErrRedirect = errors.New("redirect refused")

	// ErrMetadata says that an answer of the export API is not what the API promises.
	ErrMetadata = errors.New("malformed answer of the export API")

	// ErrResponseTooLarge says that an answer of the export API is longer than MaxJSON. It matches ErrMetadata.
	ErrResponseTooLarge = errors.New("answer of the export API is longer than the limit")

	// ErrTooManyIDs says that a list of the export API holds more ids than MaxDownloads. It matches ErrMetadata.
	ErrTooManyIDs = errors.New("answer of the export API holds more ids than the limit")

	// ErrTooManyNames says that the downloads of an export declare more patients and event types than MaxDeclared. It matches
	// ErrMetadata.
	ErrTooManyNames = errors.New("the downloads declare more patients and event types than the limit")

	// ErrContent says that a server answered with something that cannot be CSV, by its own headers: a page, JSON,
	// an encoding that was not asked for.
	ErrContent = errors.New("not a CSV stream")

	// ErrChanged says that a file is no longer what it was when it was found.
	ErrChanged = errors.New("the file changed while it was in use")

	// ErrTruncated says that compressed data ends before its end. Over a network it matches ErrExhausted too.
	ErrTruncated = errors.New("compressed data is cut short")

	// ErrCorrupt says that compressed data is damaged, or followed by something else.
	ErrCorrupt = errors.New("compressed data is damaged")

	// ErrWindow says that zstd data asks for a window, which is memory, beyond MaxWindow.
	ErrWindow = errors.New("zstd data needs a window larger than the limit")
)

// StatusError is an answer with a status other than 200. It matches ErrNotFound (404, 410), ErrDenied (401, 403, 407),
// and ErrExhausted where the status is one that may pass.
type StatusError struct {
	Code       int
	Proxy      string        // URL of the proxy that answered instead of the server, without its password; mostly empty
	Detail     string        // what the server says about it, without the secrets that it repeats; may be empty
	RetryAfter time.Duration // how long the server asks to wait, 0 if it does not
}

func (e *StatusError) Error() string {
	msg := fmt.Sprintf("the server answered %d", e.Code)
	if e.Proxy != "" {
		msg = fmt.Sprintf("the proxy %s answered %d", e.Proxy, e.Code)
	}
	if text := http.StatusText(e.Code); text != "" {
		msg += " " + text
	}
	if e.Detail != "" {
		msg += ": " + quote(e.Detail)
	}
	if e.RetryAfter > maxRetryAfter {
		msg += fmt.Sprintf(" and asks to wait %v, longer than the %v that are waited at most",
			e.RetryAfter.Round(time.Second), maxRetryAfter)
	}
	return msg
}

// Is says which kinds of failure the status stands for.
func (e *StatusError) Is(target error) bool {
	if e.Proxy != "" {
		refused := !temporary(e.Code) && (target == ErrDenied || target == ErrProxy)
		return refused || target == ErrExhausted && temporary(e.Code)
	}
	switch target {
	case ErrNotFound:
		return e.Code == http.StatusNotFound || e.Code == http.StatusGone
	case ErrDenied:
		return e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden ||
			e.Code == http.StatusProxyAuthRequired
	case ErrExhausted:
		return temporary(e.Code)
	}
	return false
}

// marked is an error that also is of a kind which its text need not repeat.
type marked struct {
	err, kind error
}

func mark(kind, err error) error { return &marked{err, kind} }

func (m *marked) Error() string   { return m.err.Error() }
func (m *marked) Unwrap() []error { return []error{m.err, m.kind} }

// maxQuoted bounds the characters of a text in an error that is not our own.
const maxQuoted = 100

// quote makes such a text fit for an error: cut, and quoted so that nothing in
// it reaches a terminal as it is.
func quote(s string) string {
	n := 0
	for i := range s {
		if n == maxQuoted {
			return strconv.Quote(s[:i]) + "…"
		}
		n++
	}
	return strconv.Quote(s)
}
