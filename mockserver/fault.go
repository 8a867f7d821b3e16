package mockserver

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"time"
)

// Fault is an action on the responses to certain requests. A request must match
// all fields. The zero value of a field matches every request.
type Fault struct {
	Do Action

	On       Requests // kinds of requests; 0 means those listed for the action in ParseFault
	Export   string   // id of the export
	Download int      // number of the download in its export, from 1

	// From and To are the first and last attempt, from 1; 0 means no limit. An
	// attempt is a request for the same path.
	From, To int
}

var errNoAction = errors.New("no action")

func (f Fault) validate() error {
	switch {
	case f.Do.apply == nil:
		return errNoAction
	case f.Download < 0 || f.From < 0 || f.To < 0:
		return errors.New("download or attempt out of range: want at least 1")
	case f.To > 0 && f.To < f.From:
		return errors.New("last attempt before the first")
	}
	return nil
}

// matches reports whether f applies to a request. number is the number of the
// download, from 1, or 0 if the request is not about one.
func (f Fault) matches(t target, number, attempt int) bool {
	on := f.On
	if on == 0 {
		on = f.Do.about
	}
	return on&t.on != 0 &&
		(f.Export == "" || f.Export == t.export) &&
		(f.Download == 0 || f.Download == number) &&
		attempt >= f.From && (f.To == 0 || attempt <= f.To)
}

// Action is a change to a response. The functions below return actions, and
// [All] combines several.
type Action struct {
	about Requests
	apply func(*response)
}

// All applies several actions to a response, in order.
func All(actions ...Action) Action {
	all := Action{apply: func(resp *response) {
		for _, action := range actions {
			action.apply(resp)
		}
	}}
	for _, action := range actions {
		all.about |= action.about
	}
	return all
}

// Delay delays the headers.
func Delay(d time.Duration) Action {
	return Action{OnData, func(resp *response) { resp.delay = d }}
}

// Status changes the status. If it is 400 or higher, the body becomes
// {"detail": …}, as for errors of the API.
func Status(code int) Action {
	return Action{OnData, func(resp *response) {
		resp.status = code
		if code >= 400 {
			resp.json = problem{http.StatusText(code)}
			resp.header.Set("Content-Type", "application/json")
		}
	}}
}

// Header sets a header, or removes it if value is empty. With
// "Transfer-Encoding" and "identity", the end of the connection is the end of
// the body.
func Header(key, value string) Action {
	return Action{OnData, func(resp *response) {
		resp.header.Set(key, value)
		if value == "" {
			resp.header[http.CanonicalHeaderKey(key)] = nil
		}
	}}
}

// Body replaces the body. The response stays chunked if it was.
func Body(b []byte) Action {
	b = slices.Clone(b)
	return Action{OnData, func(resp *response) {
		chunked := resp.json == nil && resp.size == unknown
		resp.setBody(b)
		if chunked {
			resp.size = unknown
		}
	}}
}

// HTML replaces the body by an HTML error page and keeps the status 200, as
// some proxies do.
func HTML() Action {
	const page = "<!DOCTYPE html>\n<html><body><h1>Something went wrong</h1></body></html>\n"
	return All(Body([]byte(page)), Header("Content-Type", "text/html; charset=utf-8"))
}

// Redirect changes the response to a 307 with the given location.
func Redirect(url string) Action {
	return All(Body(nil), Status(http.StatusTemporaryRedirect), Header("Location", url))
}

// Cut closes the connection after n bytes of the body. Bytes are counted after
// compression and without the framing of chunks. A body of exactly n bytes is
// cut before the last chunk; a shorter one is not changed.
func Cut(n int64) Action {
	return Action{OnData, func(resp *response) { resp.stop = &stop{n, hangUp} }}
}

// Reset is Cut with a TCP reset. It requires HTTP/1; with HTTP/2 it is the same
// as Cut.
func Reset(n int64) Action {
	return Action{OnData, func(resp *response) { resp.stop = &stop{n, reset} }}
}

// Stall stops sending after n bytes of the body, but keeps the connection open
// until the client closes it.
func Stall(n int64) Action {
	return Action{OnData, func(resp *response) { resp.stop = &stop{n, stall} }}
}

// Drip sends the body n bytes at a time, with a pause after each write.
func Drip(n int, pause time.Duration) Action {
	return Action{OnData, func(resp *response) { resp.dripBytes, resp.dripPause = n, pause }}
}

// Gzip compresses the body if the client accepts it.
func Gzip() Action {
	return Action{OnData, func(resp *response) { resp.gzip = gzipAccepted }}
}

// GzipAlways compresses the body even if the client does not accept it.
func GzipAlways() Action {
	return Action{OnData, func(resp *response) { resp.gzip = gzipAlways }}
}

// ContentLength sends a Content-Length instead of chunks. It generates the body
// an additional time to determine the length.
func ContentLength() Action {
	return Action{OnData, func(resp *response) { resp.contentLength = true }}
}

// Rows adds delta to the number of rows in the metadata.
func Rows(delta int64) Action {
	return onMetadata(func(m *metadata) { m.Rows += uint64(delta) })
}

// Times adds d to the start and the end in the metadata.
func Times(d time.Duration) Action {
	return onMetadata(func(m *metadata) { m.StartTime, m.EndTime = moved(m.StartTime, d), moved(m.EndTime, d) })
}

// EchoID changes the download id in the metadata.
func EchoID(id string) Action {
	return onMetadata(func(m *metadata) { m.ID = id })
}

// onMetadata returns an action that changes metadata, and no other response.
func onMetadata(change func(*metadata)) Action {
	return Action{OnMeta, func(resp *response) {
		if e, ok := resp.json.(envelope); ok {
			if m, ok := e.Data.(*metadata); ok {
				change(m)
			}
		}
	}}
}

// Handler serves the request with h, for what other actions cannot do.
func Handler(h http.Handler) Action {
	return Action{OnData, func(resp *response) { resp.handler = h }}
}

// hangUp sends what was written and closes the connection.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	// If the flush fails, the connection is closed already.
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// reset closes the connection with a TCP reset.
func reset(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	_ = control.Flush() // if it fails, the client is gone
	conn, _, err := control.Hijack()
	if err != nil {
		hangUp(w, r)
	}
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = t.NetConn()
	}
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // if it fails, the connection is closed without a reset
	}
	_ = conn.Close() // there is nobody to report an error to
	panic(http.ErrAbortHandler)
}

// stall waits until the client closes the connection.
func stall(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).Flush() // if it fails, the client is gone
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}
