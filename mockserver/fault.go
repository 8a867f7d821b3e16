package mockserver

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"time"
)

// Fault is one way in which a server misbehaves, and at which requests. A request has to match all fields; the zero
// value of a field matches every request.
type Fault struct {
	Do Action // what happens

	On       Requests // the kinds of requests; 0 means those that the action is about, see ParseFault
	Export   string   // id
	Download int      // number in its export, from 1; does not match requests that are about no download

	// From and To are the first and last attempt, from 1; 0 is no bound. Attempts are the requests for the same path.
	From, To int
}

func (f Fault) validate() error {
	switch {
	case f.Do.apply == nil:
		return errors.New("a fault does nothing")
	case f.Download < 0 || f.From < 0 || f.To < 0:
		return errors.New("a fault counts downloads and attempts from 1")
	case f.To > 0 && f.To < f.From:
		return errors.New("the last attempt of a fault is before its first")
	}
	return nil
}

// matches says whether the fault happens at a request. number is the download's, from 1; 0 where there is none.
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

// Action is what a fault does to an answer. It comes from one of the functions below; several make one with All.
type Action struct {
	about Requests
	apply func(*response)
}

// All does several things to one answer, in this order.
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

// Delay waits before the headers are sent.
func Delay(d time.Duration) Action {
	return Action{OnData, func(resp *response) { resp.delay = d }}
}

// Status answers with another status. From 400 the body becomes {"detail": …}, as errors of this API are; below it
// stays as it is.
func Status(code int) Action {
	return Action{OnData, func(resp *response) {
		resp.status = code
		if code >= 400 {
			resp.json = problem{http.StatusText(code)}
			resp.header.Set("Content-Type", "application/json")
		}
	}}
}

// Header sets a header of the answer, or leaves it out where the value is empty. "Transfer-Encoding: identity" makes
// a body that ends where the connection does.
func Header(key, value string) Action {
	return Action{OnData, func(resp *response) {
		resp.header.Set(key, value)
		if value == "" {
			resp.header[http.CanonicalHeaderKey(key)] = nil
		}
	}}
}

// Body answers with another body: other data at some attempts, an empty answer, broken JSON. It is chunked where
// the answer would have been.
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

// HTML sends an error page as the body and leaves the status at 200, as some proxies do.
func HTML() Action {
	const page = "<!DOCTYPE html>\n<html><body><h1>Something went wrong</h1></body></html>\n"
	return All(Body([]byte(page)), Header("Content-Type", "text/html; charset=utf-8"))
}

// Redirect answers 307 with that location.
func Redirect(url string) Action {
	return All(Body(nil), Status(http.StatusTemporaryRedirect), Header("Location", url))
}

// Cut closes the connection after n bytes of the body, as sent: after compression, without the frame of chunks.
// A body of just n bytes is cut at its end, before the last chunk that would prove it; a shorter one is left alone.
func Cut(n int64) Action {
	return Action{OnData, func(resp *response) { resp.stop = &stop{n, hangUp} }}
}

// Reset is Cut with a TCP reset instead of an orderly end. It needs HTTP/1; elsewhere it is Cut.
func Reset(n int64) Action {
	return Action{OnData, func(resp *response) { resp.stop = &stop{n, reset} }}
}

// Stall is Cut, but keeps the connection open in silence until the client closes it.
func Stall(n int64) Action {
	return Action{OnData, func(resp *response) { resp.stop = &stop{n, stall} }}
}

// Drip sends the body n bytes at a time, with a pause after each.
func Drip(n int, pause time.Duration) Action {
	return Action{OnData, func(resp *response) { resp.dripBytes, resp.dripPause = n, pause }}
}

// Gzip compresses the body where the client accepts that.
func Gzip() Action {
	return Action{OnData, func(resp *response) { resp.zip = gzipAccepted }}
}

// GzipAlways compresses the body whether or not the client accepts that.
func GzipAlways() Action {
	return Action{OnData, func(resp *response) { resp.zip = gzipAlways }}
}

// ContentLength sends a Content-Length in place of chunks. It makes the body twice, first to measure it.
func ContentLength() Action {
	return Action{OnData, func(resp *response) { resp.contentLength = true }}
}

// Rows adds delta to the rows that the metadata declare.
func Rows(delta int64) Action {
	return onMetadata(func(m *metadata) { m.Rows += uint64(delta) })
}

// EchoID makes the metadata echo another id than was asked for.
func EchoID(id string) Action {
	return onMetadata(func(m *metadata) { m.ID = id })
}

// onMetadata is an action on metadata; it leaves every other answer alone.
func onMetadata(change func(*metadata)) Action {
	return Action{OnMeta, func(resp *response) {
		if e, ok := resp.json.(envelope); ok {
			if m, ok := e.Data.(*metadata); ok {
				change(m)
			}
		}
	}}
}

// Handler lets another handler answer: for whatever the other actions cannot do.
func Handler(h http.Handler) Action {
	return Action{OnData, func(resp *response) { resp.handler = h }}
}

// hangUp closes the connection after what was written has been sent.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	// A failing flush means that the connection is gone already, which is what is wanted.
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// reset drops the connection so that the client's system sees a reset.
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
		_ = t.SetLinger(0) // if it fails, an orderly end is the next best
	}
	_ = conn.Close() // nobody is left to tell
	panic(http.ErrAbortHandler)
}

// stall says nothing more until the client is gone.
func stall(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).Flush() // if it fails, the client is gone
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}
