package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"fastcount/internal/httpconn"
)

const (
	// headRange is the size of the first request of a reader at byte 0, which
	// often reads only the header of the CSV.
	headRange = 128 << 10

	// overlap is the number of bytes that are requested after the place at
	// which a reader should stop: for the rest of a record, and for what a
	// parser reads ahead.
	overlap = 128 << 10

	// minProgress is the number of bytes after which attempts are counted anew.
	minProgress = 1 << 20
)

// An objectReader reads an object from some byte to its end. A response that
// breaks is continued at the byte where it broke, so that no byte is returned
// twice. Failures are repeated here, and not by the engine, which would discard
// everything that was counted of the object.
type objectReader struct {
	ctx     context.Context
	url     *URL
	object  object
	at      int64 // offset of the next byte
	stop    int64 // where the caller will probably stop
	further int64 // size of the next request after stop + overlap

	body *stream // of the present response, or nil
	end  int64   // of the bytes that body holds

	retrier *retrier
	attempt int   // failed attempts, since progress was made
	since   int64 // offset from which progress is measured
	retries int   // all failed attempts
	broken  error // why the last response was not complete, nil if it was
	err     error
}

// newObjectReader returns a reader of o from the byte at on. It requests
// nothing before the first Read.
func (u *URL) newObjectReader(ctx context.Context, o object, at, stop int64) *objectReader {
	return &objectReader{ctx: ctx, url: u, object: o, at: at, stop: stop, further: overlap, since: at, retrier: u.client.newRetrier(u.url)}
}

func (r *objectReader) Read(p []byte) (n int, err error) {
	for n == 0 && r.err == nil && len(p) > 0 {
		n, err = r.read(p)
		r.at += int64(n)
		if err != nil {
			r.err = r.recover(err)
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// read reads from the present response, or requests the next one.
func (r *objectReader) read(p []byte) (int, error) {
	if r.at == r.object.size {
		return 0, io.EOF
	}
	if r.body == nil {
		if err := r.request(); err != nil {
			return 0, err
		}
	}
	n, err := r.body.Read(p[:min(int64(len(p)), r.end-r.at)])
	switch left := r.end - r.at - int64(n); {
	case left == 0:
		err = r.finish()
	case err == io.EOF:
		err = transient(httpconn.Receiving, fmt.Sprintf("%d bytes missing at the end of the Content-Range", left), io.ErrUnexpectedEOF)
	}
	return n, err
}

// request requests the next bytes.
func (r *objectReader) request() error {
	c := r.url.client
	part := byteRange{from: r.at, to: r.nextEnd(), validator: r.object.validator}
	s, resp, x, err := c.get(r.ctx, r.url.url, true, &part)
	if err != nil {
		return err
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusPartialContent, http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		r.end, err = r.object.check(resp, part)
	default:
		err = c.statusError(resp, x, s)
	}
	r.body, err = ready(s, err)
	return err
}

// nextEnd returns the end of the next request.
func (r *objectReader) nextEnd() int64 {
	end := r.stop + overlap
	switch {
	case r.at < headRange:
		end = headRange
	case r.at >= end:
		end = r.at + r.further
		r.further *= 2
	}
	return min(end, r.object.size)
}

// finish ends a response whose bytes were all read.
func (r *objectReader) finish() error {
	extra, _ := r.body.Read(make([]byte, 1)) // an error does not matter: the bytes are complete
	r.closeBody()
	r.broken = nil
	if extra > 0 {
		return noRange("more bytes than the Content-Range")
	}
	return nil
}

// recover returns nil if the object can be read on after err, and otherwise the
// final error of the reader.
func (r *objectReader) recover(err error) error {
	r.closeBody()
	switch {
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, ErrRange), errors.Is(err, ErrChanged):
		return r.refused(err)
	}
	if r.at-r.since >= minProgress {
		r.attempt, r.since = 0, r.at
	}
	r.attempt++
	r.broken = err
	wait, again := r.retrier.Retry(r.attempt, err)
	if !again {
		return &gaveUp{err}
	}
	r.retries++
	if report := r.url.client.opts.Retrying; report != nil && r.ctx.Err() == nil {
		report(r.url.name, r.attempt, err, wait)
	}
	return pause(r.ctx, wait)
}

// refused returns the error of the reader if the server does not send a range
// of the object. A response that only was to be continued remains one that
// broke, after which another attempt begins at the first byte.
func (r *objectReader) refused(err error) error {
	if r.url.pinned {
		return &gaveUp{err}
	}
	r.url.unranged.Store(true)
	if r.broken != nil {
		return r.broken
	}
	return err
}

func (r *objectReader) closeBody() {
	if r.body != nil {
		_ = r.body.Close() // completeness was decided by the number of bytes
		r.body = nil
	}
}

// Close closes the connection, unless the response has only few bytes left.
func (r *objectReader) Close() error {
	if r.body != nil && r.end-r.at <= overlap && r.ctx.Err() == nil {
		_, _ = io.Copy(io.Discard, r.body) // so that the connection can be used again
	}
	r.closeBody()
	return nil
}

// gaveUp is the error of an objectReader that has no attempt left, or to which
// another attempt is of no use.
type gaveUp struct{ err error }

func (g *gaveUp) Error() string { return g.err.Error() }
func (g *gaveUp) Unwrap() error { return g.err }
