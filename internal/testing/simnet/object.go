package simnet

import (
	"fmt"
	"net/http"
	"strings"
)

// Object is what a server sends, as a whole or in ranges (RFC 9110, section
// 14).
type Object struct {
	Data []byte
	ETag string // as in the header, with its quotes
}

// Respond returns the response to a request for the object or a range of it. A
// range has a Content-Length.
func (o Object) Respond(r *Request) Response {
	resp := Response{Framing: Length, Body: o.Data, Header: []string{"Accept-Ranges: bytes", "ETag: " + o.ETag, "Content-Type: text/csv"}}
	var from, to int
	if _, err := fmt.Sscanf(r.Header("Range"), "bytes=%d-%d", &from, &to); err != nil {
		return resp
	}
	if tag := r.Header("If-Range"); tag != "" && tag != o.ETag {
		return resp
	}
	if from >= len(o.Data) {
		resp.Status, resp.Body = http.StatusRequestedRangeNotSatisfiable, nil
		resp.Replace("Content-Range", fmt.Sprintf("bytes */%d", len(o.Data)))
		return resp
	}
	to = min(to+1, len(o.Data))
	resp.Status, resp.Body = http.StatusPartialContent, o.Data[from:to]
	resp.Replace("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(o.Data)))
	return resp
}

// Replace removes all headers of that name, and then adds one with a value
// unless that is "".
func (r *Response) Replace(name, value string) {
	var kept []string
	for _, line := range r.Header {
		if !strings.HasPrefix(line, name+": ") {
			kept = append(kept, line)
		}
	}
	if value != "" {
		kept = append(kept, name+": "+value)
	}
	r.Header = kept
}
