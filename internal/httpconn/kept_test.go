package httpconn

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// waitForNoIdle returns when the transport has closed its idle connections.
func waitForNoIdle(t *testing.T, c *Transport) {
	t.Helper()
	for begin := time.Now(); idle(c) > 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > idleTime/2 {
			t.Fatal("a connection on which data arrived is kept")
		}
	}
}

// tcpServer serves each of its connections with f, over TCP. f gets the number
// of the connection, from 1.
func tcpServer(t *testing.T, f func(conn *net.TCPConn, requests *bufio.Reader, n int)) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for n := 1; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				f(conn.(*net.TCPConn), bufio.NewReader(conn), n)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// answerOne reads a request and responds to it.
func answerOne(conn net.Conn, requests *bufio.Reader) bool {
	if _, err := http.ReadRequest(requests); err != nil {
		return false
	}
	_, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	return err == nil
}

// TestServersThatCloseKeptConnections has servers end connections in all ways.
// None makes a request fail, and nothing but the answers is used.
func TestServersThatCloseKeptConnections(t *testing.T) {
	poison := "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nPOISON\r\n"
	const data, answer = "data is sent", "an answer is sent"
	for name, after := range map[string]func(conn *net.TCPConn, requests *bufio.Reader){
		"closed":      func(*net.TCPConn, *bufio.Reader) {},
		"half-closed": func(conn *net.TCPConn, r *bufio.Reader) { _ = conn.CloseWrite(); _, _ = io.Copy(io.Discard, r) },
		"reset":       func(conn *net.TCPConn, _ *bufio.Reader) { _ = conn.SetLinger(0) },
		"closed instead of an answer": func(_ *net.TCPConn, r *bufio.Reader) {
			_, _ = http.ReadRequest(r)
		},
		"reset instead of an answer": func(conn *net.TCPConn, r *bufio.Reader) {
			_, _ = http.ReadRequest(r)
			_ = conn.SetLinger(0)
		},
		data: func(conn *net.TCPConn, r *bufio.Reader) {
			_, _ = io.WriteString(conn, "CANARY,t,a,1\n")
			_, _ = io.Copy(io.Discard, r)
		},
		answer: func(conn *net.TCPConn, r *bufio.Reader) {
			_, _ = io.WriteString(conn, poison)
			_, _ = io.Copy(io.Discard, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var printed strings.Builder
			log.SetOutput(&printed)
			defer log.SetOutput(os.Stderr)
			last := make(chan bool, 100) // whether an answer was the last on its connection
			address := tcpServer(t, func(conn *net.TCPConn, requests *bufio.Reader, n int) {
				for i := range n { // one more on each connection
					if !answerOne(conn, requests) {
						return
					}
					last <- i == n-1
				}
				after(conn, requests)
			})
			c := newTransport(t, nil)
			for range 12 {
				getText(t, c, address, 1)
				// What arrives after the next request is its answer.
				if <-last && (name == data || name == answer) {
					waitForNoIdle(t, c)
				}
			}
			c.CloseIdle()
			if printed.Len() > 0 {
				t.Errorf("printed: %s", &printed)
			}
		})
	}
}
