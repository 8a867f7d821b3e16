package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/internal/testing/patience"
)

// drip is a server that sends a header and then a body in pieces of n bytes,
// each after a pause, and then stalls.
func drip(head, body string, n int, every time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		server, client := net.Pipe()
		go func() {
			defer server.Close()
			buf := make([]byte, 4096)
			if _, err := server.Read(buf); err != nil {
				return
			}
			for rest := head + body; len(rest) > 0; {
				piece := rest[:min(n, len(rest))]
				if _, err := io.WriteString(server, piece); err != nil {
					return
				}
				rest = rest[len(piece):]
				time.Sleep(every)
			}
			_, _ = server.Read(buf) // until the client hangs up
		}()
		return client, nil
	}
}

// TestSlowChunksAreProgress reads chunks that take longer than the idle timeout
// to fill a buffer, at 4,000 bytes a second, and ones that arrive too slowly.
func TestSlowChunksAreProgress(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 60_000, strings.Repeat("x", 60_000))
	long := fmt.Sprintf("%x\r\n%s\r\n", 1<<20, strings.Repeat("x", 1<<20))
	tests := []struct {
		name  string
		body  string
		every time.Duration // between pieces of 400 bytes
		want  int           // bytes of content; 0 if the transfer stalls
	}{
		{"chunks of 60,000 bytes", strings.Repeat(chunk, 20) + "0\r\n\r\n", 100 * time.Millisecond, 1_200_000},
		{"a chunk of 1 MiB", long + "0\r\n\r\n", 100 * time.Millisecond, 1 << 20},
		{"just over the rate", long + "0\r\n\r\n", 380 * time.Millisecond, 1 << 20},
		{"under the rate", long + "0\r\n\r\n", 400 * time.Millisecond, 0},
		{"silent in the middle of a chunk", long[:1<<19], 100 * time.Millisecond, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				part := urlPart(t, Options{DialContext: drip(head, test.body, 400, test.every)}, "http://server.test/x.csv")
				s, err := part.Open(t.Context())
				check(t, err)
				n, buf := 0, make([]byte, 256<<10)
				for err == nil {
					var m int
					m, err = s.Read(buf)
					n += m
				}
				if test.want == 0 {
					if !errors.Is(err, ErrStalled) || judge(err) != always {
						t.Errorf("got %d bytes and %v", n, err)
					}
				} else if n != test.want || err != io.EOF {
					t.Errorf("got %d bytes and %v, want %d", n, err, test.want)
				}
				check(t, s.Close())
				time.Sleep(time.Second) // for the server to end
			})
		})
	}
}

// http2Server starts a server of HTTP/2 alone that pings its clients all the
// time.
func http2Server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	onlyHTTP2(s)
	s.Config.HTTP2 = &http.HTTP2Config{SendPingTimeout: time.Millisecond, PingTimeout: time.Minute}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// TestPingsAreNoProgress stalls an HTTP/2 stream while its server sends pings.
func TestPingsAreNoProgress(t *testing.T) {
	s := http2Server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, csvText)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	patience.Retry(t, func(scale time.Duration) error {
		o := Options{CAFile: certificateFile(t, s.Certificate()), IdleTimeout: 300 * time.Millisecond * scale}
		ctx, cancel := context.WithTimeout(t.Context(), 2*o.IdleTimeout+30*time.Second)
		defer cancel()
		if got, err := readPartCtx(t, ctx, urlPart(t, o, s.URL)); got != csvText || !errors.Is(err, ErrStalled) {
			return fmt.Errorf("got %q, %w", got, err)
		}
		return nil
	})
}

// TestTransfersShareNoConnection requests several HTTP/2 bodies at once. On one
// connection, the bytes of one body would hide a stall of another.
func TestTransfersShareNoConnection(t *testing.T) {
	const n = 8
	var mu sync.Mutex
	clients := map[string]bool{}
	var all sync.WaitGroup
	all.Add(n)
	s := http2Server(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		clients[r.RemoteAddr] = true
		mu.Unlock()
		all.Done()
		all.Wait() // so that all are under way
		_, _ = io.WriteString(w, csvText)
	})
	c := newClient(t, Options{CAFile: certificateFile(t, s.Certificate())})
	var readers sync.WaitGroup
	for range n {
		readers.Go(func() {
			u, err := c.URL(s.URL, "")
			if err == nil {
				_, err = readPart(t, u)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	if len(clients) != n {
		t.Errorf("%d transfers used %d connections", n, len(clients))
	}
}
