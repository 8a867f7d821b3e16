package sources

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fastcount/internal/compression"
)

// An object is a sequence of bytes at a URL of which a server sends any range
// (RFC 9110, section 14). The validator distinguishes it from what is at the
// URL at other times. A range is used only if the response proves that it holds
// the requested bytes of the same object.
type object struct {
	size      int64
	validator string // a strong entity tag or a date, as in the header If-Range
}

// byteRange is what a request asks for: the bytes from from to before to, of
// the object with this validator if it is not "".
type byteRange struct {
	from, to  int64
	validator string
}

// header returns the header Range.
func (r byteRange) header() string { return fmt.Sprintf("bytes=%d-%d", r.from, r.to-1) }

// maxValidator is the maximum length of a validator in bytes.
const maxValidator = 1 << 10

// clockSkew is the time by which a date of modification must precede the
// response: both may come from different clocks (RFC 9110, section 8.8.2.2).
const clockSkew = time.Minute

// validatorOf returns the strong validator of a response, or "" without one. A
// weak entity tag means that the bytes may differ, whatever the date.
func validatorOf(h http.Header) string {
	if tags := h.Values("ETag"); len(tags) > 0 {
		if tag := tags[0]; len(tags) == 1 && isStrongTag(tag) {
			return tag
		}
		return ""
	}
	text := h.Get("Last-Modified")
	modified, err := http.ParseTime(text)
	date, dateErr := http.ParseTime(h.Get("Date"))
	if err != nil || dateErr != nil || date.Sub(modified) < clockSkew {
		return ""
	}
	return text
}

// isStrongTag reports whether tag is an entity tag that is not weak (RFC 9110,
// section 8.8.3), and not empty.
func isStrongTag(tag string) bool {
	n := len(tag)
	return n > 2 && n <= maxValidator && tag[0] == '"' && tag[n-1] == '"' &&
		!strings.ContainsFunc(tag[1:n-1], func(r rune) bool { return r <= ' ' || r > '~' || r == '"' })
}

// sameValidator reports whether a response is of the object with this
// validator.
func sameValidator(h http.Header, validator string) bool {
	name := "Last-Modified"
	if isStrongTag(validator) {
		name = "ETag"
	}
	return slices.Equal(h.Values(name), []string{validator})
}

// objectOf returns the object that a response with all of its bytes belongs to,
// or nil if the server may not send ranges of it.
func objectOf(resp *http.Response) *object {
	o := &object{size: resp.ContentLength, validator: validatorOf(resp.Header)}
	if o.size <= 0 || o.validator == "" || !strings.EqualFold(resp.Header.Get("Accept-Ranges"), "bytes") || encoded(resp.Header) {
		return nil
	}
	return o
}

// ErrRange is returned if a server does not send the range of bytes that was
// requested, although it supports ranges.
var ErrRange = errors.New("the server does not send the requested range of bytes")

// noRange returns an error that matches ErrRange.
func noRange(why string) error { return fmt.Errorf("%w: %s", ErrRange, why) }

// changed returns an error that matches ErrChanged. It does not quote the
// server, which may repeat a secret.
func changed(why string) error {
	return mark(ErrChanged, errors.New("the data at the URL changed while it was in use: "+why))
}

// check returns the end of the range of o that a response holds. It begins at
// r.from and may end before r.to. The error matches [ErrRange] or [ErrChanged].
func (o *object) check(resp *http.Response, r byteRange) (end int64, err error) {
	switch resp.StatusCode {
	case http.StatusOK:
		if v := validatorOf(resp.Header); v != "" && v != o.validator {
			return 0, changed("ETag or modification time differs")
		}
		return 0, noRange("status 200, which means all bytes")
	case http.StatusRequestedRangeNotSatisfiable, http.StatusPreconditionFailed:
		return 0, changed(fmt.Sprintf("status %d for a range within its former length", resp.StatusCode))
	}
	first, end, size, err := partOf(resp)
	switch {
	case err != nil:
		return 0, err
	case size != o.size:
		return 0, changed(fmt.Sprintf("size was %d bytes, is %d", o.size, size))
	case !sameValidator(resp.Header, o.validator):
		return 0, changed("ETag or modification time differs")
	case first != r.from || end > r.to:
		return 0, noRange(fmt.Sprintf("got bytes %d to %d, want %d to %d", first, end-1, r.from, r.to-1))
	}
	return end, nil
}

// partOf returns which bytes of how many a response with status 206 holds: from
// first to before end.
func partOf(resp *http.Response) (first, end, size int64, err error) {
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	ranges := resp.Header.Values("Content-Range")
	switch {
	case mediaType == "multipart/byteranges":
		return 0, 0, 0, noRange("several ranges in one response")
	case len(ranges) != 1:
		return 0, 0, 0, noRange("no valid Content-Range")
	case encoded(resp.Header):
		return 0, 0, 0, noRange("a Content-Encoding in the response")
	}
	first, end, size, ok := parseContentRange(ranges[0])
	switch {
	case !ok:
		return 0, 0, 0, noRange("its Content-Range has no length, or is malformed")
	case resp.ContentLength >= 0 && resp.ContentLength != end-first:
		return 0, 0, 0, noRange("its Content-Length and Content-Range differ")
	}
	return first, end, size, nil
}

// encoded reports whether a response has a Content-Encoding. A range is then
// one of the encoded bytes, or the encoding of a range.
func encoded(h http.Header) bool {
	f, err := contentEncoding(h)
	return err != nil || f != compression.Plain
}

// parseContentRange parses a header Content-Range (RFC 9110, section 14.4). end
// is the byte after the last one. ok is false if the size is not known.
func parseContentRange(s string) (first, end, size int64, ok bool) {
	unit, rest, _ := strings.Cut(s, " ")
	span, total, _ := strings.Cut(rest, "/")
	from, to, _ := strings.Cut(span, "-")
	var numbers [3]int64
	for i, text := range []string{from, to, total} {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return 0, 0, 0, false
		}
		numbers[i] = int64(n)
	}
	first, end, size = numbers[0], numbers[1]+1, numbers[2]
	return first, end, size, strings.EqualFold(unit, "bytes") && first < end && end <= size
}
