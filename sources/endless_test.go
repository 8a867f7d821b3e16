package sources

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// endless is a server that answers with a head and then repeats the same bytes,
// n of them at once, until the client hangs up.
func endless(head, again string, n int, every time.Duration) *simServer {
	return &simServer{head: head, again: strings.Repeat(again, n/len(again)+1), every: every}
}

type simServer struct {
	head, again string
	every       time.Duration
}

func (s *simServer) serve(conn net.Conn) {
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 4096)); err != nil {
		return
	}
	if _, err := io.WriteString(conn, s.head); err != nil {
		return
	}
	for {
		if _, err := io.WriteString(conn, s.again); err != nil {
			return
		}
		time.Sleep(s.every)
	}
}

// TestEndlessAnswersEnd requests the API of servers whose responses never end.
func TestEndlessAnswersEnd(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
	empty := string(gz(t, ""))
	tests := []struct {
		name string
		s    *simServer
		is   error
	}{
		{"malformed at once", endless(ok+"\r\n{]", "x", 1500, time.Second), ErrMetadata},
		{"malformed in a list", endless(ok+"\r\n"+`{"data":{"export_ids":[nil`, ",nil", 1500, time.Second), ErrMetadata},
		{"a list", endless(ok+"\r\n"+`{"data":{"x":[1`, ",1", 64<<10, time.Second), ErrResponseTooLarge},
		{"a string", endless(ok+"\r\n"+`{"x":"`, "x", 64<<10, time.Second), ErrMetadata},
		{"blanks", endless(ok+"\r\n", " ", 64<<10, time.Second), ErrResponseTooLarge},
		{"empty gzip members", endless(ok+"Content-Encoding: gzip\r\n\r\n", empty, 64<<10, time.Second), ErrResponseTooLarge},
		{"empty zstd frames", endless(ok+"Content-Encoding: zstd\r\n\r\n", string(zst(t, "")), 64<<10, time.Second), ErrResponseTooLarge},
		{"an error", endless("HTTP/1.1 404 No\r\nConnection: close\r\n\r\n", " ", 1500, time.Second), ErrNotFound},
		{"an error of empty gzip members", endless("HTTP/1.1 404 No\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n",
			empty, 1500, time.Second), ErrNotFound},
		{"headers", endless("HTTP/1.1 200 OK\r\n", "X: y\r\n", 100, time.Second), ErrExhausted},
		{"informational answers", endless("", "HTTP/1.1 103 Early\r\n\r\n", 100, time.Second), ErrExhausted},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, Options{Server: "http://server.test", Retries: -1, DialContext: pipeTo(test.s.serve)})
				begin := time.Now()
				_, err := client.Exports(t.Context())
				if took := time.Since(begin); took > 5*time.Minute {
					t.Errorf("it took %v", took)
				}
				if !errors.Is(err, test.is) {
					t.Errorf("got %v, want %v", err, test.is)
				}
				time.Sleep(time.Hour) // for the server to end
			})
		})
	}
}
