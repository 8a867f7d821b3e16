package sources

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/internal/testing/simnet"
)

// The id and the secrets in the responses of the tests. No error may contain
// one.
const (
	leakedID    = "P007~id"
	leakedToken = "tok~en/+7 \"x\""
	leakedKey   = "key-of-header-9"
	leakedQuery = "query-secret&1"
)

// mustNotLeak fails the test if an error contains the id or a secret.
func mustNotLeak(t *testing.T, err error) {
	t.Helper()
	for e := range unwrapped(err) {
		for _, secret := range []string{leakedID, leakedToken, leakedKey, leakedQuery, url.QueryEscape(leakedToken),
			base64.StdEncoding.EncodeToString([]byte(leakedToken)), url.QueryEscape(leakedQuery)} {
			if strings.Contains(strings.ToLower(e.Error()), strings.ToLower(secret)) {
				t.Errorf("%T holds %q: %v", e, secret, e)
			}
		}
	}
}

// unwrapped yields err and all errors in its tree, any of which a caller may
// print.
func unwrapped(err error) func(yield func(error) bool) {
	return func(yield func(error) bool) {
		pending := []error{err}
		for len(pending) > 0 {
			e := pending[0]
			pending = pending[1:]
			if e == nil {
				continue
			}
			if !yield(e) {
				return
			}
			switch u := e.(type) {
			case interface{ Unwrap() error }:
				pending = append(pending, u.Unwrap())
			case interface{ Unwrap() []error }:
				pending = append(pending, u.Unwrap()...)
			}
		}
	}
}

// headerNames are those that net/http or this package reads, and one other.
var headerNames = []string{"Content-Length", "Transfer-Encoding", "Content-Encoding", "Content-Type", "Trailer", "Location",
	"Retry-After", "Connection", "Date", "X-Any"}

// leakyAnswers returns responses that are malformed, with text, in every place.
func leakyAnswers(text string) map[string]string {
	const ok = "HTTP/1.1 200 OK\r\n"
	all := map[string]string{
		"no HTTP":           text + ",t,a,1\n",
		"no HTTP, CRLF":     text + ",t,a,1\r\n\r\n",
		"version":           "HTTP/" + text + " 200 OK\r\n\r\n",
		"status":            "HTTP/1.1 " + text + "\r\n\r\n",
		"status code":       "HTTP/1.1 2" + text + " OK\r\n\r\n",
		"reason":            "HTTP/1.1 404 " + text + "\r\nContent-Length: 0\r\n\r\n",
		"reason of 500":     "HTTP/1.1 501 " + text + "\r\nContent-Length: 0\r\n\r\n",
		"header line":       ok + text + "\r\n\r\n",
		"header name":       ok + text + " x: y\r\n\r\n",
		"header blank":      ok + " " + text + ": y\r\n\r\n",
		"header NUL":        ok + "X: " + text + "\x00\r\n\r\n",
		"headers cut":       ok + "X: " + text,
		"two lengths":       ok + "Content-Length: 5\r\nContent-Length: " + text + "\r\n\r\n",
		"two encodings":     ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: " + text + "\r\n\r\n",
		"informational":     "HTTP/1.1 103 " + text + "\r\n" + text + "\r\n\r\n",
		"informational end": strings.Repeat("HTTP/1.1 103 Early\r\nLink: "+text+"\r\n\r\n", 9) + text,
		"switching":         "HTTP/1.1 101 " + text + "\r\nUpgrade: " + text + "\r\nConnection: upgrade\r\n\r\n",
		"chunk size":        ok + "Transfer-Encoding: chunked\r\n\r\n" + text + "\r\n",
		"chunk extension":   ok + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat(text, 9000) + "\r\n",
		"after a chunk":     ok + "Transfer-Encoding: chunked\r\n\r\n1\r\np" + text + "\r\n",
		"trailer line":      ok + "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\n" + text + "\r\n\r\n",
		"trailer name":      ok + "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\n" + text + " x: y\r\n\r\n",
		"gzip":              ok + "Content-Encoding: gzip\r\n\r\n" + text + strings.Repeat(text, 9),
		"zstd":              ok + "Content-Encoding: zstd\r\n\r\n" + text + strings.Repeat(text, 9),
		"media type":        ok + "Content-Type: text/html; x=" + text + "\r\n\r\n",
		"redirect host":     "HTTP/1.1 302 Found\r\nLocation: http://stranger.test/" + text + "\r\n\r\n",
		"redirect user":     "HTTP/1.1 302 Found\r\nLocation: http://" + text + "@stranger.test/\r\n\r\n",
		"redirect query":    "HTTP/1.1 302 Found\r\nLocation: ftp://stranger.test/?" + text + "\r\n\r\n",
		"redirect escape":   "HTTP/1.1 302 Found\r\nLocation: http://%zz" + text + "/\r\n\r\n",
	}
	for _, status := range []string{"200 OK", "302 Found", "401 Unauthorized", "503 Busy"} {
		for _, name := range headerNames {
			all[status+" "+name] = "HTTP/1.1 " + status + "\r\n" + name + ": " + text + "\r\n\r\n" + text
		}
	}
	return all
}

// leakyJSON returns responses of the API that are malformed, with text, in
// every place.
func leakyJSON(text string) map[string]string {
	all := map[string]string{
		"the tail":       `{"data":{"id":"d1","rows":2,"patients":["` + text + `"],"event_types":[]}}["` + text + `"]`,
		"a list":         `{"data":{"id":"d1","rows":2,"patients":["` + text + `"` + text + `],"event_types":[]}}`,
		"a member":       `{"data":{"` + text + `":1,"` + text + `":2,"id":"d1"}}`,
		"a key":          `{` + text + `:1}`,
		"rows":           `{"data":{"id":"d1","rows":1` + text + `,"patients":[],"event_types":[]}}`,
		"rows as text":   `{"data":{"id":"d1","rows":"` + text + `","patients":[],"event_types":[]}}`,
		"the id":         `{"data":{"id":"` + text + `","download_ids":["d1"],"rows":2,"patients":[],"event_types":[]}}`,
		"an id":          `{"data":{"id":"e","download_ids":["` + text + `"]}}`,
		"an id twice":    `{"data":{"id":"e","download_ids":["` + text + `","` + text + `"]}}`,
		"cut in a list":  `{"data":{"id":"d1","patients":["` + text,
		"cut in a piece": `{"data":{"id":"d1","patients":["` + text + `",` + text,
		"not JSON":       text,
	}
	return all
}

// leakyClient returns a client with secrets, of a server that sends the same
// response to every request.
func leakyClient(t *testing.T, answer string) *Client {
	network := &simnet.Network{Answer: func(*simnet.Request) simnet.Answer { return simnet.Answer{Wire: []byte(answer)} }}
	return newClient(t, Options{Server: "http://server.test", AllowHTTPToken: true, Retries: -1, DialContext: network.DialContext,
		Header: http.Header{"X-Api-Key": {leakedKey}, "Authorization": {"Bearer " + leakedToken}}})
}

// askAll returns the errors of every request that a client makes.
func askAll(t *testing.T, c *Client) (errs []error) {
	_, err := c.Exports(t.Context())
	errs = append(errs, err)
	_, err = c.Export(t.Context(), "e")
	errs = append(errs, err)
	d, err := c.Download(t.Context(), "e", "d1")
	errs = append(errs, err)
	if err == nil {
		_, err = readPart(t, d)
		errs = append(errs, err)
	}
	u, err := c.URL("http://server.test/x.csv?key="+url.QueryEscape(leakedQuery), "")
	check(t, err)
	_, err = readPart(t, u)
	return append(errs, err)
}

func TestNoErrorQuotesTheServer(t *testing.T) {
	answers := map[string]string{}
	for _, text := range []string{leakedID, leakedToken, leakedKey, leakedQuery} {
		for name, wire := range leakyAnswers(text) {
			answers[name+": "+text] = wire
		}
		for name, body := range leakyJSON(text) {
			answers["JSON, "+name+": "+text] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + body
		}
	}
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no answers in testdata: %v", err)
	}
	for _, file := range files {
		wire, err := os.ReadFile(file)
		check(t, err)
		answers[file] = strings.NewReplacer("P001", leakedID, "P003", leakedID).Replace(string(wire))
	}
	for name, wire := range answers {
		t.Run(name, func(t *testing.T) {
			failed := false
			for _, err := range askAll(t, leakyClient(t, wire)) {
				mustNotLeak(t, err)
				failed = failed || err != nil
			}
			if !failed {
				t.Error("no request failed")
			}
		})
	}
}

// TestDetailHoldsNoSecret has a server repeat each secret in each form.
func TestDetailHoldsNoSecret(t *testing.T) {
	std, raw := base64.StdEncoding, base64.RawURLEncoding
	for _, secret := range []string{leakedToken, leakedKey, leakedQuery} {
		for _, form := range []string{secret, strings.ToUpper(secret), "Bearer " + secret, url.QueryEscape(secret), url.PathEscape(secret),
			strings.ToLower(url.QueryEscape(secret)), percentEncoded(secret), std.EncodeToString([]byte(secret)),
			raw.EncodeToString([]byte("user:" + secret)), std.EncodeToString([]byte("x:" + secret + ":y")),
			strings.ReplaceAll(secret, `"`, "&quot;"), strings.ReplaceAll(secret, "&", "&#38;")} {
			for _, status := range []int{400, 401, 403, 404, 407, 422, 501} {
				body := fmt.Sprintf(`{"detail":%q}`, "you sent <"+form+"> to us")
				if status == 422 {
					body = fmt.Sprintf(`{"detail":[{"msg":%q}]}`, form)
				}
				wire := fmt.Sprintf("HTTP/1.1 %d No\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
				errs := askAll(t, leakyClient(t, wire))
				if secret == leakedQuery {
					errs = errs[len(errs)-1:] // it is sent with no other request
				}
				for _, err := range errs {
					if err == nil {
						t.Fatal("no error")
					}
					mustNotLeak(t, err)
					if strings.Contains(err.Error(), form) {
						t.Errorf("%d: it holds %q: %v", status, form, err)
					}
				}
			}
		}
	}
	_, err := leakyClient(t, "HTTP/1.1 403 No\r\nConnection: close\r\n\r\n"+`{"detail":"the license has expired"}`).Exports(t.Context())
	if err == nil || !strings.Contains(err.Error(), `"the license has expired"`) {
		t.Errorf("the detail is missing: %v", err)
	}
}

func percentEncoded(s string) string {
	var out strings.Builder
	for _, b := range []byte(s) {
		fmt.Fprintf(&out, "%%%02x", b)
	}
	return out.String()
}

// TestSecretsOfProxiesAreRemoved has a proxy repeat its password.
func TestSecretsOfProxiesAreRemoved(t *testing.T) {
	u := &url.URL{Scheme: "http", Host: "server.test"}
	proxy := &url.URL{Scheme: "http", Host: "proxy.test", User: url.UserPassword("me", leakedKey)}
	r := newClient(t, Options{}).redactor(u, proxy)
	for _, text := range []string{leakedKey, base64.StdEncoding.EncodeToString([]byte("me:" + leakedKey))} {
		if got := r.Redact("<" + text + ">"); got != "<[secret]>" {
			t.Errorf("got %s", got)
		}
	}
}

// TestHTTP2ErrorsQuoteNothing ends HTTP/2 in ways in which net/http reports
// text of the server.
func TestHTTP2ErrorsQuoteNothing(t *testing.T) {
	goAway := func(conn net.Conn) {
		debug := []byte(leakedID + leakedToken)
		payload := append([]byte{0, 0, 0, 0, 0, 0, 0, 11}, debug...)                    // no stream is processed; ENHANCE_YOUR_CALM
		frame := append([]byte{0, 0, byte(len(payload)), 7, 0, 0, 0, 0, 0}, payload...) // GOAWAY
		_, _ = conn.Write(append([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0}, frame...))          // after empty SETTINGS
	}
	garbage := func(conn net.Conn) { _, _ = io.WriteString(conn, leakedID+leakedToken+strings.Repeat("x", 9)) }
	for name, answer := range map[string]func(net.Conn){"GOAWAY": goAway, "no frame": garbage} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(nil)
			onlyHTTP2(s)
			s.EnableHTTP2, s.TLS.NextProtos = false, []string{"h2"}
			s.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
				"h2": func(_ *http.Server, conn *tls.Conn, _ http.Handler) {
					defer conn.Close()
					_, _ = conn.Read(make([]byte, 1<<10)) // the preface
					answer(conn)
					_, _ = io.Copy(io.Discard, conn) // until the client hangs up
				},
			}
			s.StartTLS()
			t.Cleanup(s.Close)
			c := newClient(t, Options{CAFile: certificateFile(t, s.Certificate()), Retries: -1})
			u, err := c.URL(s.URL, "")
			check(t, err)
			_, err = readPart(t, u)
			if !errors.Is(err, ErrExhausted) {
				t.Errorf("got %v", err)
			}
			mustNotLeak(t, err)
		})
	}
}
