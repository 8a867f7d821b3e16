package simnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestResponse(t *testing.T) {
	tests := []struct {
		name  string
		r     Response
		want  string
		sizes []int
	}{
		{"chunked", Response{Body: []byte("abcdefghijklmnopqr"), Chunk: 16},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabcdefghijklmnop\r\n2\r\nqr\r\n0\r\n\r\n", []int{0, 22, 29}},
		{"one chunk", Response{Body: []byte("abc")}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", []int{0, 8}},
		{"no chunk", Response{}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{0}},
		{"length", Response{Status: 404, Header: []string{"X: y"}, Framing: Length, Body: []byte("abc")},
			"HTTP/1.1 404 Not Found\r\nX: y\r\nContent-Length: 3\r\n\r\nabc", nil},
		{"until close", Response{Framing: UntilClose, Body: []byte("abc")}, "HTTP/1.1 200 OK\r\n\r\nabc", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wire, body := test.r.Wire()
			_, sizes := test.r.Framed()
			if string(wire) != test.want || !slices.Equal(sizes, test.sizes) {
				t.Errorf("got %q, %v", wire, sizes)
			}
			if head := string(wire[:body]); !strings.HasSuffix(head, "\r\n\r\n") || head != string(test.r.Head()) {
				t.Errorf("the head is %q", head)
			}
		})
	}
}

// get requests a page with a timeout of one minute, and returns the part of the
// body that it read.
func get(t *testing.T, transport *http.Transport) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://server.test/page?x=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Test", "yes")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(resp.Body)
	return string(text), errors.Join(err, resp.Body.Close())
}

func TestEnds(t *testing.T) {
	whole := Response{Framing: Length, Body: []byte("abcdef")}
	wire, _ := whole.Wire()
	short := wire[:len(wire)-2]
	tests := []struct {
		name   string
		answer Answer
		text   string
		err    error
		took   time.Duration
	}{
		{"whole", whole.Answer(), "abcdef", nil, 0},
		{"until close", Response{Framing: UntilClose, Body: []byte("abc")}.Answer(), "abc", nil, 0},
		{"late", Answer{Delay: time.Second, Wire: wire}, "abcdef", nil, time.Second},
		{"in pieces", Answer{Wire: wire, Piece: len(wire)/4 + 1, Pause: time.Second}, "abcdef", nil, 3 * time.Second},
		{"FIN", Answer{Wire: short}, "abcd", io.ErrUnexpectedEOF, 0},
		{"RST", Answer{Wire: short, End: Reset}, "abcd", syscall.ECONNRESET, 0},
		{"stall", Answer{Wire: short, End: Stall}, "abcd", context.DeadlineExceeded, time.Minute},
		{"RST instead of an answer", Answer{End: Reset}, "", syscall.ECONNRESET, 0},
		{"FIN instead of an answer", Answer{}, "", io.EOF, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &Network{Answer: func(r *Request) Answer {
					if r.Target != "/page?x=1" || r.Host != "server.test" || r.Header("X-Test") != "yes" || r.Header("X-None") != "" {
						t.Errorf("got %+v", r)
					}
					return test.answer
				}}
				transport := &http.Transport{DialContext: n.DialContext}
				defer transport.CloseIdleConnections()
				begin := time.Now()
				text, err := get(t, transport)
				if text != test.text || !errors.Is(err, test.err) || time.Since(begin) != test.took {
					t.Errorf("got %q, %v after %v", text, err, time.Since(begin))
				}
				transport.CloseIdleConnections()
				synctest.Wait()
				if n.Open() != 0 {
					t.Errorf("%d connections are open", n.Open())
				}
			})
		})
	}
}

func TestConnect(t *testing.T) {
	for connect, want := range map[Connect]error{
		Accept: nil, Refuse: syscall.ECONNREFUSED, Ignore: context.DeadlineExceeded, Drop: os.ErrClosed,
	} {
		t.Run(fmt.Sprint(connect), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &Network{
					Answer:  func(*Request) Answer { return Response{Framing: Length}.Answer() },
					Connect: func(context.Context, string) Connect { return connect },
				}
				dial := func(ctx context.Context, network, address string) (net.Conn, error) {
					ctx, cancel := context.WithTimeout(ctx, time.Second) // a transport itself never gives up
					defer cancel()
					return n.DialContext(ctx, network, address)
				}
				transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
				_, err := get(t, transport)
				if connect == Drop && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
					err = want // whichever of its goroutines sees it first
				}
				if !errors.Is(err, want) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// TestAgain sends two requests over one connection.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := 0
		n := &Network{
			Answer:  func(*Request) Answer { return Response{Body: []byte("abc")}.Answer() },
			Connect: func(context.Context, string) Connect { dialled++; return Accept },
		}
		transport := &http.Transport{DialContext: n.DialContext}
		for range 2 {
			if text, err := get(t, transport); text != "abc" || err != nil {
				t.Errorf("got %q, %v", text, err)
			}
		}
		if dialled != 1 || n.Open() != 1 {
			t.Errorf("%d connections were made, %d are open", dialled, n.Open())
		}
		transport.CloseIdleConnections()
	})
}
