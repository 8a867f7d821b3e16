package simnet

import (
	"errors"
	"net"
	"strings"
	"time"
)

// Request is the request of a client.
type Request struct {
	Target string // as in the request line: path and query
	Host   string
	Kept   bool // it is not the first on its connection

	head string
}

// Header returns the value of a header of the request, or "" if it is missing.
// name is case-sensitive.
func (r *Request) Header(name string) string {
	_, rest, _ := strings.Cut(r.head, "\r\n"+name+": ")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// Without returns a copy of r without a header.
func (r *Request) Without(name string) *Request {
	c := *r
	if before, rest, ok := strings.Cut(r.head, "\r\n"+name+": "); ok {
		_, after, _ := strings.Cut(rest, "\r\n")
		c.head = before + "\r\n" + after
	}
	return &c
}

// Answer holds the bytes that the server sends, and what it does after them.
type Answer struct {
	Delay time.Duration // before the first byte
	Wire  []byte

	Piece int           // size of each write; 0 means one write
	Pause time.Duration // between two writes

	End  End
	Idle Idle // after Again
}

// Idle is what the server does with a connection that it keeps. The zero value
// is to wait for the next request.
type Idle struct {
	After time.Duration // without a request, before the server sends Wire; 0 means never
	Wire  []byte
	End   End // after Wire

	// Deaf means that the server reads the next request and then, instead of
	// answering, ends the connection as End specifies.
	Deaf bool
}

// End is what the server does after it has sent its bytes.
type End uint8

const (
	Close End = iota // close the connection (FIN)
	Reset            // reset the connection (RST)
	Stall            // wait until the client closes the connection
	Again            // read the next request
)

// serve answers requests until the client or an answer ends the connection.
func (n *Network) serve(c serverEnd) {
	defer c.Close()
	var idle Idle
	for kept := false; ; kept = true {
		r, ok := idle.next(c)
		if !ok {
			return
		}
		r.Kept = kept
		a := n.Answer(r)
		if !a.send(c) || !a.End.apply(c) {
			return
		}
		idle = a.Idle
	}
}

// apply ends a connection. It returns true if the connection remains open.
func (e End) apply(c serverEnd) bool {
	switch e {
	case Reset:
		c.reset()
	case Stall:
		c.awaitClient()
	}
	return e == Again
}

// next waits for a request on an idle connection. It returns false if the
// connection is closed.
func (i Idle) next(c serverEnd) (*Request, bool) {
	if i.After > 0 && i.silence(c) {
		_ = c.SetWriteDeadline(time.Now().Add(time.Millisecond)) // the client may be writing a request
		_, _ = c.Write(i.Wire)                                   // and may close the connection
		_ = c.SetWriteDeadline(time.Time{})
		if !i.End.apply(c) {
			return nil, false
		}
	}
	r, ok := readRequest(c)
	if ok && i.Deaf {
		i.End.apply(c)
		return nil, false
	}
	return r, ok
}

// silence reports whether no request arrives for the time of i. It reads none
// of it.
func (i Idle) silence(c serverEnd) bool {
	_ = c.SetReadDeadline(time.Now().Add(i.After))
	_, err := c.Read(nil)
	_ = c.SetReadDeadline(time.Time{})
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// maxHead is the limit of the bytes of a request.
const maxHead = 8 << 10

// readRequest reads a request. It returns false if the client closes the
// connection first.
func readRequest(c serverEnd) (*Request, bool) {
	buf := make([]byte, 0, 512)
	for !strings.HasSuffix(string(buf), "\r\n\r\n") {
		if len(buf) == maxHead {
			return nil, false
		}
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, maxHead), buf...)
		}
		n, err := c.Read(buf[len(buf):cap(buf)])
		if err != nil {
			return nil, false
		}
		buf = buf[:len(buf)+n]
	}
	r := &Request{head: string(buf)}
	line, _, _ := strings.Cut(r.head, "\r\n")
	if words := strings.Fields(line); len(words) == 3 {
		r.Target = words[1]
	}
	r.Host = r.Header("Host")
	return r, true
}

// send sends an answer. It returns false if the client closes the connection
// before the end of it.
func (a Answer) send(c serverEnd) bool {
	sleep(a.Delay)
	rest := a.Wire
	for a.Piece > 0 && len(rest) > a.Piece {
		if _, err := c.Write(rest[:a.Piece]); err != nil {
			return false
		}
		rest = rest[a.Piece:]
		sleep(a.Pause)
	}
	_, err := c.Write(rest)
	return err == nil
}

func sleep(d time.Duration) {
	if d > 0 {
		time.Sleep(d)
	}
}

// awaitClient waits until the client closes the connection.
func (s serverEnd) awaitClient() {
	buf := make([]byte, 1)
	for {
		if _, err := s.Read(buf); err != nil {
			return
		}
	}
}
