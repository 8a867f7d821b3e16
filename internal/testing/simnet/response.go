package simnet

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
)

// Response is an HTTP/1.1 response without faults.
type Response struct {
	Status  int      // 0 means 200
	Header  []string // lines "Name: value", without those of the framing
	Framing Framing
	Chunk   int    // bytes of a chunk; 0 means one chunk for all
	Body    []byte // encoded as the header declares
}

// Framing determines how a client finds the end of a body.
type Framing uint8

const (
	Chunked    Framing = iota
	Length             // Content-Length
	UntilClose         // the body ends when the connection is closed
)

func (f Framing) String() string {
	return [...]string{"chunked", "content-length", "until-close"}[f]
}

// Head returns the status line, the headers and the empty line after them.
func (r Response) Head() []byte {
	var head strings.Builder
	status := cmp.Or(r.Status, http.StatusOK)
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	for _, line := range r.Header {
		head.WriteString(line + "\r\n")
	}
	switch r.Framing {
	case Chunked:
		head.WriteString("Transfer-Encoding: chunked\r\n")
	case Length:
		fmt.Fprintf(&head, "Content-Length: %d\r\n", len(r.Body))
	}
	head.WriteString("\r\n")
	return []byte(head.String())
}

// Framed returns the body as it is sent. For a chunked body it also returns the
// offset of each line with the size of a chunk, including the empty last one.
func (r Response) Framed() (wire []byte, sizes []int) {
	if r.Framing != Chunked {
		return r.Body, nil
	}
	for rest := r.Body; ; {
		n := len(rest)
		if r.Chunk > 0 {
			n = min(n, r.Chunk)
		}
		sizes = append(sizes, len(wire))
		wire = fmt.Appendf(wire, "%x\r\n%s\r\n", n, rest[:n])
		if n == 0 {
			return wire, sizes
		}
		rest = rest[n:]
	}
}

// Wire returns all bytes of the response, and the offset of the body in them.
func (r Response) Wire() (wire []byte, body int) {
	head := r.Head()
	framed, _ := r.Framed()
	return append(head, framed...), len(head)
}

// Answer returns an answer with all bytes of the response, after which the
// connection is closed if the framing requires that.
func (r Response) Answer() Answer {
	wire, _ := r.Wire()
	end := Again
	if r.Framing == UntilClose {
		end = Close
	}
	return Answer{Wire: wire, End: end}
}
