package sources

import (
	"archive/tar"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fastcount/engine"
)

// serve starts a server for one test.
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func newClient(t testing.TB, o Options) *Client {
	t.Helper()
	c, err := NewClient(o)
	check(t, err)
	t.Cleanup(c.Close)
	return c
}

func urlPart(t testing.TB, o Options, raw string) *URL {
	t.Helper()
	u, err := newClient(t, o).URL(raw, "")
	check(t, err)
	return u
}

// raw sends fixed bytes without net/http and closes the connection.
func raw(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, answer) // the client may have left
	}
}

func TestURL(t *testing.T) {
	chunked := func(body string) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
	}
	whole := fmt.Sprintf("%x\r\n%s\r\n", len(csvText), csvText)
	closed := "HTTP/1.1 200 OK\r\nConnection: close\r\n"
	zipped := string(gz(t, csvText))
	tests := []struct {
		name    string
		answer  string
		err     error // nil: the whole text comes
		verdict verdict
		proof   engine.Proof // where the whole text comes
	}{
		{"chunked", chunked(whole + "0\r\n\r\n"), nil, 0, engine.ProofFraming},
		{"length", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(csvText), csvText), nil, 0, engine.ProofLength},
		{"until closed", closed + "\r\n" + csvText, nil, 0, engine.ProofNone},
		{"until closed, gzip", closed + "Content-Encoding: gzip\r\n\r\n" + zipped, nil, 0, engine.ProofChecksum},
		{"gzip", closed + "Content-Encoding: x-gzip\r\nContent-Type: text/csv\r\n\r\n" + zipped, nil, 0, engine.ProofChecksum},
		{"zstd", closed + "Content-Encoding: ZSTD\r\n\r\n" + string(zst(t, csvText)), nil, 0, engine.ProofChecksum},
		{"identity", closed + "Content-Encoding: identity\r\n\r\n" + csvText, nil, 0, engine.ProofNone},
		{"a gzip file", closed + "Content-Type: application/gzip\r\n\r\n" + zipped, nil, 0, engine.ProofChecksum},
		{"a gzip file, sent as zstd", closed + "Content-Encoding: zstd\r\n\r\n" + string(zst(t, zipped)), nil, 0, engine.ProofChecksum},
		{"an odd content type", closed + "Content-Type: ;;\r\n\r\n" + csvText, nil, 0, engine.ProofNone},

		{"chunks cut after a chunk", chunked(whole), ErrExhausted, always, 0},
		{"chunks cut in a chunk", chunked("ff\r\n" + csvText), ErrExhausted, always, 0},
		{"chunks cut in a size", chunked(whole + "1"), ErrExhausted, always, 0},
		{"chunks cut after the last", chunked(whole + "0\r\n"), ErrExhausted, always, 0},
		{"bad chunk size", chunked(whole + "zz\r\n"), ErrExhausted, always, 0},
		{"short length", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(csvText)+1, csvText), ErrExhausted, always, 0},
		{"no answer", "", ErrExhausted, always, 0},
		{"no HTTP", "\x1b[31m" + strings.Repeat("x", 500) + "\r\n\r\n", ErrExhausted, always, 0},
		{"gzip cut", closed + "Content-Encoding: gzip\r\n\r\n" + zipped[:len(zipped)-3], ErrTruncated, always, 0},
		{"gzip cut, matches also", closed + "Content-Encoding: gzip\r\n\r\n" + zipped[:len(zipped)-3], ErrExhausted, always, 0},
		{"gzip file cut", closed + "\r\n" + zipped[:len(zipped)-3], ErrExhausted, always, 0},
		{"gzip and chunks cut", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
			fmt.Sprintf("%x\r\n%s\r\n", len(zipped), zipped), ErrExhausted, always, 0},
		{"gzip damaged", closed + "Content-Encoding: gzip\r\n\r\n" + zipped + "x", ErrCorrupt, once, 0},
		{"a zip archive", closed + "\r\n" + string(zipOf(t, "a.csv", csvText)), ErrContent, once, 0},
		{"a tar archive", closed + "\r\n" + string(tarOf(t, tar.FormatPAX)), ErrContent, once, 0},
		{"xz in gzip", closed + "Content-Encoding: gzip\r\n\r\n" + string(gz(t, "\xfd7zXZ\x00")), ErrContent, once, 0},
		{"a bzip2 file", closed + "\r\n" + string(bz(t)), nil, 0, engine.ProofChecksum},
		{"a bzip2 file cut", closed + "\r\n" + string(bz(t)[:50]), ErrExhausted, always, 0},
		{"no gzip", closed + "Content-Encoding: gzip\r\n\r\n" + csvText, ErrCorrupt, once, 0},
		{"window", closed + "Content-Encoding: zstd\r\n\r\n" + string(bigWindow), ErrWindow, never, 0},
		{"window of a file", closed + "\r\n" + string(bigSegment), ErrWindow, never, 0},

		{"brotli", closed + "Content-Encoding: br\r\n\r\n" + csvText, ErrContent, once, 0},
		{"two encodings", closed + "Content-Encoding: gzip, zstd\r\n\r\n" + csvText, ErrContent, once, 0},
		{"two encoding headers", closed + "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n" + csvText, ErrContent, once, 0},
		{"HTML", closed + "Content-Type: text/HTML; charset=utf-8\r\n\r\n<html>", ErrContent, once, 0},
		{"JSON", closed + "Content-Type: application/json\r\n\r\n{}", ErrContent, once, 0},
		{"problem", closed + "Content-Type: application/problem+json\r\n\r\n{}", ErrContent, once, 0},
		{"204", "HTTP/1.1 204 No Content\r\n\r\n", &StatusError{}, never, 0},
		{"206", "HTTP/1.1 206 Partial Content\r\nConnection: close\r\n\r\n" + csvText, &StatusError{}, never, 0},
		{"404", "HTTP/1.1 404 Gone\r\nConnection: close\r\n\r\n", ErrNotFound, never, 0},
		{"401", "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n", ErrDenied, never, 0},
		{"403", "HTTP/1.1 403 No\r\nConnection: close\r\n\r\n", ErrDenied, never, 0},
		{"503", "HTTP/1.1 503 No\r\nConnection: close\r\n\r\n", ErrExhausted, always, 0},
		{"304", "HTTP/1.1 304 No\r\nConnection: close\r\n\r\n", &StatusError{}, never, 0},
		{"huge headers", closed + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n" + csvText, ErrExhausted, always, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			part := urlPart(t, Options{}, serve(t, raw(test.answer)).URL+"/x.csv")
			s, err := part.Open(t.Context())
			var got string
			if err == nil {
				got, err = drain(s)
				info := s.(*stream).Info()
				if err == nil && (info.Proof != test.proof || info.Checked != (test.proof > engine.ProofNone)) {
					t.Errorf("got %+v", info)
				}
				check(t, s.Close())
			}
			if test.err == nil {
				if got != csvText || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			if !isKind(err, test.err) || judge(err) != test.verdict {
				t.Errorf("got %v, verdict %v", err, judge(err))
			}
			if text := err.Error(); len(text) > 500 || strings.Contains(text, "\x1b") {
				t.Errorf("the server's text is not made fit to be shown: %q", text)
			}
		})
	}
}

// isKind is errors.Is, and for a StatusError errors.As.
func isKind(err, want error) bool {
	if _, ok := want.(*StatusError); ok {
		_, ok = errors.AsType[*StatusError](err)
		return ok && !errors.Is(err, ErrExhausted)
	}
	return errors.Is(err, want)
}

// TestNothingIsPrinted sends more than the announced length, on a connection
// that could be used again.
func TestNothingIsPrinted(t *testing.T) {
	var printed strings.Builder
	log.SetOutput(&printed)
	defer log.SetOutput(os.Stderr)
	synctest.Test(t, func(t *testing.T) {
		answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(csvText), csvText+"CANARY,t,a,1\n")
		part := urlPart(t, Options{DialContext: silentServer(answer)}, "http://server.test")
		got, err := readPart(t, part)
		synctest.Wait()
		if got != csvText || err != nil || printed.Len() > 0 {
			t.Errorf("got %q, %v, and on stderr %q", got, err, &printed)
		}
	})
}

// TestNothingOfMetadataIsPrinted does the same for a response of the API, which
// contains patient ids too.
func TestNothingOfMetadataIsPrinted(t *testing.T) {
	var printed strings.Builder
	log.SetOutput(&printed)
	defer log.SetOutput(os.Stderr)
	synctest.Test(t, func(t *testing.T) {
		text := `{"data":{"export_ids":["a"]}}`
		answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text+"CANARY")
		client := newClient(t, Options{Server: "http://server.test", DialContext: silentServer(answer)})
		got, err := client.Exports(t.Context())
		synctest.Wait()
		if len(got) != 1 || err != nil || printed.Len() > 0 {
			t.Errorf("got %q, %v, and on stderr %q", got, err, &printed)
		}
		client.Close()
	})
}

func TestRawBytes(t *testing.T) {
	zipped := gz(t, csvText)
	part := urlPart(t, Options{}, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "zstd, gzip" {
			t.Errorf("Accept-Encoding: %q", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(zipped)
	}).URL)
	s, err := part.Open(t.Context())
	check(t, err)
	_, err = drain(s)
	check(t, err)
	if raw := s.(*stream).Info().RawBytes; raw != int64(len(zipped)) {
		t.Errorf("%d bytes, want %d", raw, len(zipped))
	}
	check(t, s.Close())
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"größer":                       `"größer"`,
		"title \x1b]0;x\a":             `"title \x1b]0;x\a"`,
		"not UTF-8 \xff":               `"not UTF-8 \xff"`,
		strings.Repeat("ö", maxQuoted): `"` + strings.Repeat("ö", maxQuoted) + `"`,
		strings.Repeat("ö", 101):       `"` + strings.Repeat("ö", 100) + `"…`,
	} {
		if got := quote(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	if got := (&StatusError{Code: 599}).Error(); got != "the server answered 599" {
		t.Errorf("got %s", got)
	}
	if _, err := newClient(t, Options{}).URL("ftp://h/x", ""); !errors.Is(err, ErrArgument) {
		t.Errorf("got %v", err)
	}
}

func TestStatusDetail(t *testing.T) {
	long := strings.Repeat("é\x1b", 300)
	tests := []struct {
		name, body, want string
	}{
		{"text", `{"detail":"Export not found"}`, `the server answered 404 Not Found: "Export not found"`},
		{"list", `{"detail":[{"loc":["path"]}]}`, `the server answered 404 Not Found: "[{\"loc\":[\"path\"]}]"`},
		{"none", `{"error":"x"}`, "the server answered 404 Not Found"},
		{"no JSON", "<html>secret</html>", "the server answered 404 Not Found"},
		{"long", `{"detail":"` + strings.ReplaceAll(long, "\x1b", `\u001b`) + `"}`,
			"the server answered 404 Not Found: " + quote(long)},
		{"too long", `{"detail":"` + strings.Repeat("x", maxDetail) + `"}`, "the server answered 404 Not Found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			part := urlPart(t, Options{}, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, test.body)
			}).URL)
			if _, err := part.Open(t.Context()); err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
	late := &StatusError{Code: 503, RetryAfter: time.Hour}
	if !strings.Contains(late.Error(), "1h0m0s") || !strings.Contains(late.Error(), "5m0s") {
		t.Errorf("got %v", late)
	}
}

// TestStallInFakeTime makes a server stall at each phase of a response, on the
// real transport over net.Pipe.
func TestStallInFakeTime(t *testing.T) {
	header := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	tests := []struct {
		name   string
		answer string
		err    error
		after  time.Duration
	}{
		{"before the headers", "", ErrTimeout, 30 * time.Second},
		{"within the headers", "HTTP/1.1 200 OK\r\nX: ", ErrTimeout, 30 * time.Second},
		{"within the name of a header", "HTTP/1.1 200 OK\r\nX-He", ErrTimeout, 30 * time.Second},
		{"before the body", header, ErrStalled, 60 * time.Second},
		{"within the magic", header + "1\r\nP\r\n", ErrStalled, 60 * time.Second},
		{"within a chunk", header + "ff\r\n" + csvText, ErrStalled, 60 * time.Second},
		{"before the last chunk", header + fmt.Sprintf("%x\r\n%s\r\n", len(csvText), csvText), ErrStalled, 60 * time.Second},
		{"before the last line", header + fmt.Sprintf("%x\r\n%s\r\n0\r\n", len(csvText), csvText), ErrStalled, 60 * time.Second},
		{"within an error", "HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\n{", ErrExhausted, 60 * time.Second},
		{"connected to nothing", "none", ErrTimeout, 10 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := Options{DialContext: silentServer(test.answer)}
				if test.answer == "none" {
					o.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
						<-ctx.Done()
						return nil, &net.OpError{Op: "dial", Err: ctx.Err()}
					}
				}
				part := urlPart(t, o, "http://server.test/x.csv")
				begin := time.Now()
				_, err := readPart(t, part)
				if !errors.Is(err, test.err) || !errors.Is(err, ErrExhausted) || errors.Is(err, context.DeadlineExceeded) || judge(err) != always {
					t.Errorf("got %v", err)
				}
				if took := time.Since(begin); took != test.after {
					t.Errorf("it took %v, want %v", took, test.after)
				}
			})
		})
	}
}

// silentServer returns a dialer to a server that responds to anything with the
// same bytes and then keeps the connection open.
func silentServer(answer string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		server, client := net.Pipe()
		go func() {
			defer server.Close()
			buf := make([]byte, 4096)
			if _, err := server.Read(buf); err != nil {
				return
			}
			if _, err := io.WriteString(server, answer); err != nil {
				return
			}
			_, _ = server.Read(buf) // until the client hangs up
		}()
		return client, nil
	}
}

// TestCancelEndsStall cancels a stalled transfer, as Ctrl-C does: the cause is
// returned at once, without a retry.
func TestCancelEndsStall(t *testing.T) {
	for _, answer := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nP,"} {
		synctest.Test(t, func(t *testing.T) {
			part := urlPart(t, Options{DialContext: silentServer(answer)}, "http://server.test/x.csv")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begin := time.Now()
			_, err := readPartCtx(t, ctx, part)
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrExhausted) || judge(err) != never || time.Since(begin) != time.Second {
				t.Errorf("got %v after %v", err, time.Since(begin))
			}
		})
	}
}

func TestNewClient(t *testing.T) {
	secret := http.Header{"x-api-key": {"canary"}}
	tests := []struct {
		name string
		opts Options
		err  error
	}{
		{"nothing", Options{}, nil},
		{"server", Options{Server: "http://server.test/prefix/"}, nil},
		{"token over https", Options{Server: "https://server.test", Token: "canary"}, nil},
		{"token to this machine", Options{Server: "http://localhost:8000", Token: "canary"}, nil},
		{"token to 127.0.0.2", Options{Server: "http://127.0.0.2", Token: "canary"}, nil},
		{"token to ::1", Options{Server: "http://[::1]:8000", Token: "canary"}, nil},
		{"token over http", Options{Server: "http://server.test", Token: "canary"}, ErrDenied},
		{"token to localhost of somebody", Options{Server: "http://localhost.server.test", Token: "canary"}, ErrDenied},
		{"key over http", Options{Server: "http://server.test", Header: secret}, ErrDenied},
		{"harmless header over http", Options{Server: "http://server.test", Header: http.Header{"X-Y": {"z"}}}, nil},
		{"token over http, allowed", Options{Server: "http://server.test", Token: "canary", AllowHTTPToken: true}, nil},
		{"user", Options{Server: "https://user:canary@server.test"}, ErrArgument},
		{"query", Options{Server: "https://server.test/?key=canary"}, ErrArgument},
		{"no host", Options{Server: "https://"}, ErrArgument},
		{"no scheme", Options{Server: "server.test:8000"}, ErrArgument},
		{"no URL", Options{Server: "http://canary\x7f"}, ErrArgument},
		{"token of two lines", Options{Server: "https://server.test", Token: "canary\n"}, ErrArgument},
		{"header of two lines", Options{Header: http.Header{"X-Y": {"canary\r\nz"}}}, ErrArgument},
		{"header without a name", Options{Header: http.Header{"": {"canary"}}}, ErrArgument},
		{"a name that is no token", Options{Header: http.Header{"X(Y)": {"canary"}}}, ErrArgument},
		{"Host", Options{Header: http.Header{"host": {"canary"}}}, ErrArgument},
		{"Content-Length", Options{Header: http.Header{"Content-Length": {"5"}}}, ErrArgument},
		{"Transfer-Encoding", Options{Header: http.Header{"Transfer-Encoding": {"canary"}}}, ErrArgument},
		{"Accept-Encoding", Options{Header: http.Header{"accept-encoding": {"canary"}}}, ErrArgument},
		{"Proxy-Authorization", Options{Header: http.Header{"Proxy-Authorization": {"canary"}}}, ErrArgument},
		{"two of Authorization", Options{Token: "canary", Header: http.Header{"authorization": {"canary"}}}, ErrArgument},
		{"no such file of certificates", Options{CAFile: "none.pem"}, io.EOF},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewClient(test.opts)
			if test.err == io.EOF && err != nil {
				return
			}
			if !errors.Is(err, test.err) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, csvText)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it reports that the client does not trust the certificate
	s.StartTLS()
	t.Cleanup(s.Close)

	if _, err := readPart(t, urlPart(t, Options{}, s.URL)); !errors.Is(err, ErrDenied) || judge(err) != never {
		t.Errorf("untrusted: %v", err)
	}
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := readPart(t, urlPart(t, Options{}, strings.Replace(plain.URL, "http", "https", 1))); !errors.Is(err, ErrDenied) {
		t.Errorf("no TLS there: %v", err)
	}
	trusted := Options{CAFile: certificateFile(t, s.Certificate())}
	if got, err := readPart(t, urlPart(t, trusted, s.URL)); got != csvText || err != nil {
		t.Errorf("trusted: %q, %v", got, err)
	}
	if _, err := NewClient(Options{CAFile: tempFile(t, "ca.pem", []byte("none"))}); !errors.Is(err, ErrArgument) {
		t.Errorf("no certificate in the file: %v", err)
	}
}

func certificateFile(t *testing.T, c *x509.Certificate) string {
	return tempFile(t, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func TestReadAll(t *testing.T) {
	for _, n := range []int{0, 1, 4095, 4096, 4097, 10000} {
		text := strings.Repeat("x", n)
		if got, err := readAll(strings.NewReader(text), 10000); string(got) != text || err != nil {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
	if _, err := readAll(strings.NewReader(strings.Repeat("x", 10001)), 10000); err != errTooLong {
		t.Errorf("got %v", err)
	}
}
