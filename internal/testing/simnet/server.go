package simnet

import (
	"strings"
	"time"
)

// Request is what a client asked for.
type Request struct {
	Target string // as in the request line: path and query
	Host   string

	head string
}

// Header returns the value of a header that the client sent, "" if it did not. name is as the client spells it.
func (r *Request) Header(name string) string {
	_, rest, _ := strings.Cut(r.head, "\r\n"+name+": ")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}

// Answer is what the server sends, byte for byte, and what it does then.
type Answer struct {
	Delay time.Duration // before the first byte
	Wire  []byte

	Piece int           // bytes that are sent at once; 0 means all of them
	Pause time.Duration // between two pieces

	End End
}

// End is what the server does when its bytes are sent.
type End uint8

const (
	Close End = iota // an orderly end: FIN
	Reset            // RST
	Stall            // nothing, until the client hangs up
	Again            // it reads the next request
)

// serve answers requests until one of the ends ends the connection.
func (n *Network) serve(c serverEnd) {
	defer c.Close()
	for {
		r, ok := readRequest(c)
		if !ok {
			return
		}
		a := n.Answer(r)
		if !a.send(c) {
			return
		}
		switch a.End {
		case Close:
			return
		case Reset:
			c.reset()
			return
		case Stall:
			c.awaitClient()
			return
		}
	}
}

// maxHead bounds the bytes of a request; clients under test send far fewer.
const maxHead = 8 << 10

// readRequest returns false where the client hung up instead.
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

// send returns false where the client hung up before all was sent.
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

// awaitClient returns when the client has hung up.
func (s serverEnd) awaitClient() {
	buf := make([]byte, 1)
	for {
		if _, err := s.Read(buf); err != nil {
			return
		}
	}
}
