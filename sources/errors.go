package sources

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"fastcount/internal/compression"
	"fastcount/internal/filestate"
	"fastcount/internal/httpconn"
)

// Errors to compare with [errors.Is]. An error that results from one of the
// operating system also matches that one, such as [io/fs.ErrPermission].
var (
	// ErrArgument is returned for an invalid argument or option: an invalid URL
	// or id, a URL with a password, a source that is named twice, a directory.
	ErrArgument = errors.New("argument cannot be used")

	// ErrTwoForms is returned for a file that is named twice, compressed and
	// not, or compressed in two ways. It matches ErrArgument.
	ErrTwoForms = errors.New("two forms of one file")

	// ErrNotRegular is returned for a FIFO, a socket or a device that a glob
	// matches. It matches ErrArgument.
	ErrNotRegular = errors.New("not a regular file")

	// ErrNotFound is returned if a file, export, download or URL does not
	// exist, or a glob matches no file.
	ErrNotFound = errors.New("not found")

	// ErrDenied is returned if a server or proxy denies access (401, 403, 407),
	// if TLS fails for good, and for a secret that would be sent over plain
	// http.
	ErrDenied = errors.New("not allowed")

	// ErrCertificate is returned if the certificate of a server is not valid
	// for it. It matches ErrDenied.
	ErrCertificate = errors.New("the certificate of the server is not valid")

	// ErrPlainHTTP is returned if a server does not use TLS for an https URL.
	// It matches ErrDenied.
	ErrPlainHTTP = errors.New("the server does not use TLS")

	// ErrRequiresTLS is returned if a server uses TLS for an http URL. It
	// matches ErrDenied.
	ErrRequiresTLS = errors.New("the server uses TLS there")

	// ErrTLS is returned if client and server have no common TLS parameters, or
	// the server requires a client certificate. It matches ErrDenied.
	ErrTLS = errors.New("TLS refused")

	// ErrClientCertificate is returned for a client certificate or private key
	// that cannot be used. It matches ErrArgument.
	ErrClientCertificate = errors.New("the client certificate cannot be used")

	// ErrProxy is returned if a proxy denies access. It matches ErrDenied.
	ErrProxy = errors.New("the proxy denies access")

	// ErrExhausted matches every failure that another attempt may avoid. If a
	// method of Client or a run of the engine returns it, no attempts were left
	// or Retry-After was too long.
	ErrExhausted = errors.New("retries used up")

	// ErrStalled is returned if a transfer made no progress for the idle
	// timeout. It matches ErrExhausted.
	ErrStalled = httpconn.ErrStalled

	// ErrTimeout is returned if connecting, a TLS handshake or response headers
	// took too long. It matches ErrExhausted.
	ErrTimeout = errors.New("timeout")

	// ErrUnknownHost is returned if the name of a server or proxy has no
	// address. It matches ErrExhausted.
	ErrUnknownHost = errors.New("no such host")

	// ErrRedirect is returned for a redirect to another origin, and for too
	// many redirects.
	ErrRedirect = errors.New("redirect refused")

	// ErrMetadata is returned if a response of the export API does not conform
	// to the API.
	ErrMetadata = errors.New("malformed response of the export API")

	// ErrResponseTooLarge is returned if a response of the export API exceeds
	// MaxJSON. It matches ErrMetadata.
	ErrResponseTooLarge = errors.New("response of the export API exceeds the limit")

	// ErrTooManyIDs is returned if a list of the export API exceeds
	// MaxDownloads. It matches ErrMetadata.
	ErrTooManyIDs = errors.New("response of the export API holds more ids than the limit")

	// ErrTooManyNames is returned if the patients and event types that the
	// downloads of an export declare exceed MaxDeclared. It matches
	// ErrMetadata.
	ErrTooManyNames = errors.New("the downloads declare more patients and event types than the limit")

	// ErrContent is returned if the headers of a response exclude CSV: an HTML
	// page, JSON, an encoding that was not requested.
	ErrContent = errors.New("not a CSV stream")

	// ErrEncoding is returned for a response with a Content-Encoding that was
	// not requested. It matches ErrContent.
	ErrEncoding = errors.New("Content-Encoding that was not requested")

	// ErrMislabeled is returned for a response whose Content-Encoding is not
	// that of its body. It matches ErrCorrupt.
	ErrMislabeled = errors.New("Content-Encoding is wrong")

	// ErrChanged is returned if a file is not in the state in which it was
	// found.
	ErrChanged = filestate.ErrChanged

	// ErrNoMember is returned for a zip archive of which no member matches a
	// pattern, and for a pattern that matches no member. It matches
	// ErrNotFound.
	ErrNoMember = errors.New("no such member of a zip archive")

	// ErrTooManyMembers is returned for a zip archive with more members than
	// MaxMembers.
	ErrTooManyMembers = errors.New("more members in a zip archive than the limit")

	// ErrTruncated is returned if compressed data ends early. If the data came
	// from a server, the error matches ErrExhausted too.
	ErrTruncated = compression.ErrTruncated

	// ErrCorrupt is returned if compressed data is corrupt, or followed by
	// other data.
	ErrCorrupt = compression.ErrCorrupt

	// ErrWindow is returned if zstd data requires a window, and so memory,
	// beyond MaxWindow.
	ErrWindow = compression.ErrWindow
)

// A StatusError is returned for a response with a status other than 200. It
// matches [ErrNotFound] (404, 410), [ErrDenied] (401, 403, 407), and
// [ErrExhausted] if the status is temporary.
type StatusError struct {
	Code       int
	Proxy      string        // origin of the proxy that responded, empty if the server did
	Detail     string        // explanation of the server, secrets removed; may be empty
	Expired    bool          // the signature of the URL has expired, as that of a presigned URL of an object store
	Basic      bool          // the server requires a name and a password (401)
	RetryAfter time.Duration // delay that the server requests, 0 if none

	token int // number of the token that was sent; 0 for none
}

func (e *StatusError) Error() string {
	msg := fmt.Sprintf("the server answered %d", e.Code)
	if e.Proxy != "" {
		msg = fmt.Sprintf("the proxy %s answered %d", e.Proxy, e.Code)
	}
	if text := http.StatusText(e.Code); text != "" {
		msg += " " + text
	}
	if e.Expired {
		msg += ": the signature of the URL has expired"
	}
	if e.Detail != "" {
		msg += ": " + quote(e.Detail)
	}
	if e.RetryAfter > maxRetryAfter {
		msg += fmt.Sprintf(" and asks to wait %v, longer than the limit of %v",
			e.RetryAfter.Round(time.Second), maxRetryAfter)
	}
	return msg
}

// Is implements the matching of [errors.Is].
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

// marked is an error that also matches kind, whose text it does not repeat.
type marked struct {
	err, kind error
}

func mark(kind, err error) error { return &marked{err, kind} }

func (m *marked) Error() string   { return m.err.Error() }
func (m *marked) Unwrap() []error { return []error{m.err, m.kind} }

// maxQuoted is the maximum number of characters of foreign text in an error.
const maxQuoted = 100

// quote returns foreign text for an error: shortened, and quoted so that a
// terminal does not interpret it.
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
