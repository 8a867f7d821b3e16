package mockserver

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const tinyCSV = header +
	"T1,2025-08-26T00:00:01.500000Z,a,1\nT2,2025-08-26T00:00:02Z,b,2\nT1,2025-08-26T00:00:03.250000Z,a,3\n"

// tiny is an export of two identical downloads with three rows each.
func tiny() []Export {
	e := Export{ID: "tiny"}
	for i := range 2 {
		e.Downloads = append(e.Downloads, Download{
			ID: downloadID("tiny", i).String(), Rows: 3, Events: []string{"a", "b"}, Patients: []string{"T1", "T2"},
			Start: epoch, End: epoch.Add(4 * time.Second), Body: Bytes([]byte(tinyCSV)),
		})
	}
	return []Export{e}
}

// tinyPath returns the path of download i of tiny.
func tinyPath(i int) string {
	return "/api/export/tiny/" + downloadID("tiny", i).String()
}

func serve(t testing.TB, o Options) *httptest.Server {
	t.Helper()
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return serveHandler(t, h)
}

func serveHandler(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// client does not add Accept-Encoding, follow redirects, or reuse connections.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       time.Minute,
}

// reply is a response as a client receives it. err is the error of reading the
// body.
type reply struct {
	*http.Response
	body string
	err  error
}

func ask(t testing.TB, method, url string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		key, value, _ := strings.Cut(h, ": ")
		req.Header.Set(key, value)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return reply{res, string(body), err}
}

func get(t testing.TB, url string, headers ...string) reply {
	t.Helper()
	return ask(t, http.MethodGet, url, headers...)
}

// wire returns the bytes that the server sends for a GET until it closes the
// connection.
func wire(t testing.TB, s *httptest.Server, path string) string {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}
