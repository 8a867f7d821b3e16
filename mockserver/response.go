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

// response is a response that has not been sent yet. Faults change it before it
// is sent.
//
// The body passes these stages, most of which are usually unused:
//
//	json or body → gzip → stop after n bytes → drip → connection
type response struct {
	status int
	header http.Header
	json   any                     // if not nil, the body
	body   func(w io.Writer) error // writes the body if json is nil; if nil, the body is empty
	size   int64                   // size of body, or unknown: then the response is chunked

	handler       http.Handler  // if not nil, serves the request instead
	delay         time.Duration // before the headers
	gzip          gzipMode
	contentLength bool // send a Content-Length even if the size is unknown
	stop          *stop
	dripBytes     int           // if not 0, the maximum size of a write
	dripPause     time.Duration // after each write
}

const unknown = -1

// gzipMode determines whether a body is compressed.
type gzipMode uint8

const (
	gzipNever    gzipMode = iota
	gzipAccepted          // if the client accepts it
	gzipAlways
)

// stop ends a body early.
type stop struct {
	after int64                                        // number of bytes
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

// response returns the response to a request for the stream. The size of a file
// is determined now; if it shrinks later, the connection is cut.
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

// send sends the response. If it cannot be completed, the connection is cut, so
// that the client can detect it.
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
		// Without a flush, net/http adds a Content-Length to a short body. If
		// it fails, so does the first write.
		_ = http.NewResponseController(w).Flush()
	}
	if resp.stop != nil && resp.stop.after == 0 {
		resp.stop.how(w, r)
	}
	if err := resp.body(resp.throttled(w, r)); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// settle determines the headers, the body and its size.
func (resp *response) settle(r *http.Request) {
	if resp.json != nil {
		resp.setBody(encode(resp.json))
	}
	if resp.body == nil {
		resp.body = Bytes(nil)
	}
	if !bodyAllowed(resp.status) {
		resp.setBody(nil)
	} else if resp.gzip == gzipAlways || resp.gzip == gzipAccepted && acceptsGzip(r) {
		resp.compress()
	}
	if resp.contentLength && resp.size == unknown {
		resp.measure()
	}
}

// setBody sets the body to b.
func (resp *response) setBody(b []byte) {
	resp.json, resp.body, resp.size = nil, Bytes(b), int64(len(b))
}

// compress compresses the body.
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

// measure determines the size of the body by writing it once. If that fails,
// the size stays unknown, and sending the body fails again.
func (resp *response) measure() {
	var n byteCount
	if resp.body(&n) == nil {
		resp.size = int64(n)
	}
}

// byteCount is a writer that counts bytes.
type byteCount int64

func (n *byteCount) Write(p []byte) (int, error) {
	*n += byteCount(len(p))
	return len(p), nil
}

// throttled returns the writer for the body. Without a fault it is w itself,
// whose ReadFrom method can use sendfile.
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

// Bytes returns a function for Download.Body that writes b.
func Bytes(b []byte) func(w io.Writer) error {
	return func(w io.Writer) error {
		if len(b) == 0 {
			return nil
		}
		_, err := w.Write(b)
		return err
	}
}

// bodyAllowed reports whether a response with the given status may have a body
// (RFC 9110, section 6.4.1).
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// acceptsGzip reports whether the request accepts gzip. It ignores quality
// values, including 0.
func acceptsGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

// wait waits for d, or returns the error of ctx as soon as it is done.
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

// stopper writes the given number of bytes to w, and then calls stop, which
// does not return.
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

// drip writes a limited number of bytes at a time and pauses after each write.
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
