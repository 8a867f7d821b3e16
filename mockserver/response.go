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
type response struct {
	status int
	header http.Header
	json   any                     // sent as the body, unless nil
	body   func(w io.Writer) error // the body where json is nil; nil is an empty body
	size   int64                   // of that body; unknown is -1, and the answer is chunked

	handler       http.Handler  // answers in place of everything here
	delay         time.Duration // before the headers
	zip           gzipMode
	contentLength bool // send a Content-Length where it is not known either
	stop          *stop
	dripBytes     int // at most so many bytes at once; 0 is all
	dripPause     time.Duration
}

const unknown = -1

// gzipMode says when a body is compressed.
type gzipMode uint8

const (
	gzipNever gzipMode = iota
	gzipAccepted
	gzipAlways
)

// stop ends a body after n bytes.
type stop struct {
	after int64
	how   func(w http.ResponseWriter, r *http.Request) // does not return
}

func success(data any) *response {
	return jsonResponse(http.StatusOK, envelope{data})
}

func failure(status int, detail any) *response {
	return jsonResponse(status, problem{detail})
}

func jsonResponse(status int, v any) *response {
	return &response{status: status, json: v, header: http.Header{"Content-Type": {"application/json"}}}
}

// answer is the answer to a request for the stream. A file has its size from now; where it shrinks later, the
// connection is cut.
func (d *Download) response() *response {
	resp := &response{
		status: http.StatusOK, header: http.Header{"Content-Type": {"text/csv; charset=utf-8"}},
		body: d.Body, size: unknown,
	}
	if d.file == "" {
		return resp
	}
	info, err := os.Stat(d.file)
	if err != nil {
		return failure(http.StatusInternalServerError, "Internal Server Error")
	}
	resp.size = info.Size()
	resp.body = func(w io.Writer) error { return copyFile(w, d.file, resp.size) }
	return resp
}

// send writes the answer. Where it cannot be finished the connection is cut, so that the client can tell.
func (resp *response) send(w http.ResponseWriter, r *http.Request) {
	if wait(r.Context(), resp.delay) != nil {
		panic(http.ErrAbortHandler)
	}
	if resp.handler != nil {
		resp.handler.ServeHTTP(w, r)
		return
	}
	resp.settle(r)
	maps.Copy(w.Header(), resp.header)
	if resp.size != unknown && bodyAllowed(resp.status) {
		w.Header().Set("Content-Length", strconv.FormatInt(resp.size, 10))
	}
	w.WriteHeader(resp.status)
	if resp.size == unknown {
		// Without this a short body would get a Content-Length. If it fails, so does the first write.
		_ = http.NewResponseController(w).Flush()
	}
	if resp.stop != nil && resp.stop.after == 0 {
		resp.stop.how(w, r)
	}
	if err := resp.body(resp.throttled(w, r)); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// settle turns the answer into headers, a body and its size.
func (resp *response) settle(r *http.Request) {
	if resp.json != nil {
		resp.setBody(encode(resp.json))
	}
	if resp.body == nil {
		resp.body = Bytes(nil)
	}
	if !bodyAllowed(resp.status) {
		resp.setBody(nil)
	} else if resp.zip == gzipAlways || resp.zip == gzipAccepted && acceptsGzip(r) {
		resp.compress()
	}
	if resp.contentLength && resp.size == unknown {
		resp.measure()
	}
}

// setBody makes b the body.
func (resp *response) setBody(b []byte) {
	resp.json, resp.body, resp.size = nil, Bytes(b), int64(len(b))
}

// compress makes the body its gzip.
func (resp *response) compress() {
	plain := resp.body
	resp.header.Set("Content-Encoding", "gzip")
	resp.size = unknown
	resp.body = func(w io.Writer) error {
		z := gzip.NewWriter(w)
		if err := plain(z); err != nil {
			return err
		}
		return z.Close()
	}
}

// measure finds the size of the body by making it once for nobody: it comes out the same every time. A body that
// fails has no size, and fails again when it is sent.
func (resp *response) measure() {
	var n byteCount
	if resp.body(&n) == nil {
		resp.size = int64(n)
	}
}

type byteCount int64

func (n *byteCount) Write(p []byte) (int, error) {
	*n += byteCount(len(p))
	return len(p), nil
}

// throttled returns where the body goes. Without a fault that is w itself: it can take a file by sendfile, and no
// wrapper may hide that.
func (resp *response) throttled(w http.ResponseWriter, r *http.Request) io.Writer {
	var out io.Writer = w
	if resp.dripBytes > 0 {
		out = &drip{w: w, ctx: r.Context(), bytes: resp.dripBytes, pause: resp.dripPause}
	}
	if resp.stop != nil {
		out = &stopper{w: out, left: resp.stop.after, stop: func() { resp.stop.how(w, r) }}
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

// stopper passes so many bytes on, then calls stop, which does not return.
type stopper struct {
	w    io.Writer
	left int64
	stop func()
}

func (s *stopper) Write(p []byte) (int, error) {
	n, err := s.w.Write(p[:min(int64(len(p)), s.left)])
	if s.left -= int64(n); s.left == 0 {
		s.stop()
	}
	return n, err
}

// drip passes a few bytes on at a time and pauses after each, until the client is gone.
type drip struct {
	w     http.ResponseWriter
	ctx   context.Context
	bytes int
	pause time.Duration
}

func (d *drip) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = d.send(p[n:min(n+d.bytes, len(p))])
		n += m
	}
	return n, err
}

func (d *drip) send(p []byte) (n int, err error) {
	if n, err = d.w.Write(p); err != nil {
		return n, err
	}
	if err := http.NewResponseController(d.w).Flush(); err != nil {
		return n, err
	}
	return n, wait(d.ctx, d.pause)
}
