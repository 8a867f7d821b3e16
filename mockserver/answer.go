package mockserver

import (
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// answer is what a request is about to get. Faults change it before it is sent, never while.
//
// The body runs through these stages, most of which are empty most of the time:
//
//	json or body → gzip → stop after n bytes → drip → connection
type answer struct {
	status int
	header http.Header
	json   any                     // sent as the body, unless nil
	body   func(w io.Writer) error // the body where json is nil; nil is an empty body
	size   int64                   // of that body; unknown is -1, and the answer is chunked

	instead   http.Handler  // answers in place of everything here
	delay     time.Duration // before the headers
	zip       zipMode
	announce  bool // send a Content-Length where it is not known either
	stop      *stop
	dripBytes int // at most so many bytes at once; 0 is all
	dripPause time.Duration
}

const unknown = -1

// zipMode says when a body is compressed.
type zipMode uint8

const (
	zipNever zipMode = iota
	zipAccepted
	zipAlways
)

// stop ends a body after n bytes.
type stop struct {
	after int64
	how   func(w http.ResponseWriter, r *http.Request) // does not return
}

func success(data any) *answer {
	return jsonAnswer(http.StatusOK, envelope{data})
}

func failure(status int, detail any) *answer {
	return jsonAnswer(status, problem{detail})
}

func jsonAnswer(status int, v any) *answer {
	return &answer{status: status, json: v, header: http.Header{"Content-Type": {"application/json"}}}
}

// answer is the answer to a request for the stream. A file has its size from now; where it shrinks later, the
// connection is cut.
func (d *Download) answer() *answer {
	a := &answer{
		status: http.StatusOK, header: http.Header{"Content-Type": {"text/csv; charset=utf-8"}},
		body: d.Body, size: unknown,
	}
	if d.file == "" {
		return a
	}
	info, err := os.Stat(d.file)
	if err != nil {
		return failure(http.StatusInternalServerError, "Internal Server Error")
	}
	a.size = info.Size()
	a.body = func(w io.Writer) error { return copyFile(w, d.file, a.size) }
	return a
}

// send writes the answer. Where it cannot be finished the connection is cut, so that the client can tell.
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	if wait(r.Context(), a.delay) != nil {
		panic(http.ErrAbortHandler)
	}
	if a.instead != nil {
		a.instead.ServeHTTP(w, r)
		return
	}
	a.settle(r)
	maps.Copy(w.Header(), a.header)
	if a.size != unknown && bodyAllowed(a.status) {
		w.Header().Set("Content-Length", strconv.FormatInt(a.size, 10))
	}
	w.WriteHeader(a.status)
	if a.size == unknown {
		// Without this a short body would get a Content-Length. If it fails, so does the first write.
		_ = http.NewResponseController(w).Flush()
	}
	if a.stop != nil && a.stop.after == 0 {
		a.stop.how(w, r)
	}
	if err := a.body(a.throttled(w, r)); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// settle turns the answer into headers, a body and its size.
func (a *answer) settle(r *http.Request) {
	if a.json != nil {
		a.setBody(encode(a.json))
	}
	if a.body == nil {
		a.body = Bytes(nil)
	}
	if !bodyAllowed(a.status) {
		a.setBody(nil)
	} else if a.zip == zipAlways || a.zip == zipAccepted && acceptsGzip(r) {
		a.compress()
	}
	if a.announce && a.size == unknown {
		a.measure()
	}
}

// setBody makes b the body.
func (a *answer) setBody(b []byte) {
	a.json, a.body, a.size = nil, Bytes(b), int64(len(b))
}

// compress makes the body its gzip.
func (a *answer) compress() {
	plain := a.body
	a.header.Set("Content-Encoding", "gzip")
	a.size = unknown
	a.body = func(w io.Writer) error {
		z := gzip.NewWriter(w)
		if err := plain(z); err != nil {
			return err
		}
		return z.Close()
	}
}

// measure finds the size of the body by making it once for nobody: it comes out the same every time. A body that
// fails has no size, and fails again when it is sent.
func (a *answer) measure() {
	var n byteCount
	if a.body(&n) == nil {
		a.size = int64(n)
	}
}

type byteCount int64

func (n *byteCount) Write(p []byte) (int, error) {
	*n += byteCount(len(p))
	return len(p), nil
}

// throttled returns where the body goes. Without a fault that is w itself: it can take a file by sendfile, and no
// wrapper may hide that.
func (a *answer) throttled(w http.ResponseWriter, r *http.Request) io.Writer {
	var out io.Writer = w
	if a.dripBytes > 0 {
		out = &drip{w: w, ctx: r.Context(), bytes: a.dripBytes, pause: a.dripPause}
	}
	if a.stop != nil {
		out = &stopper{w: out, left: a.stop.after, stop: func() { a.stop.how(w, r) }}
	}
	return out
}

// Bytes returns a Download.Body that is just b.
func Bytes(b []byte) func(w io.Writer) error {
	return func(w io.Writer) error {
		if len(b) == 0 {
			return nil
		}
		_, err := w.Write(b)
		return err
	}
}

// bodyAllowed says whether HTTP lets an answer of that status have a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// acceptsGzip looks for the name alone: clients that list gzip only to refuse it are not worth the code.
func acceptsGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

// wait returns after d, or with an error as soon as the client is gone.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
