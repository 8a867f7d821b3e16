package program

import (
	"cmp"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/mockserver"
)

// serveRaw starts a server that responds to every request with the same bytes,
// and returns its URL.
func serveRaw(t *testing.T, response string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, response) // the client may have disconnected
			_ = conn.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

// TestServersThatEchoLeakNothing runs the program with servers that repeat its
// token, and the id of a patient, in every part of a response.
func TestServersThatEchoLeakNothing(t *testing.T) {
	const token = "canary-token"
	const text = "P007 " + token
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, response := range map[string]string{
		"no status line":      text + ",t,a,1\n",
		"status line":         "HTTP/1.1 " + text + "\r\n\r\n",
		"header line":         ok + text + "\r\n\r\n",
		"Content-Length":      ok + "Content-Length: " + text + "\r\n\r\n",
		"Transfer-Encoding":   ok + "Transfer-Encoding: " + text + "\r\n\r\n",
		"Content-Encoding":    ok + "Content-Encoding: " + text + "\r\n\r\n",
		"Content-Type":        ok + "Content-Type: text/html;x=" + text + "\r\n\r\n",
		"Location":            "HTTP/1.1 302 Found\r\nLocation: http://stranger.test/" + token + "/P007\r\n\r\n",
		"host of Location":    "HTTP/1.1 302 Found\r\nLocation: http://" + token + ".test/\r\n\r\n",
		"chunk size":          ok + "Transfer-Encoding: chunked\r\n\r\n" + text + "\r\n",
		"trailer":             ok + "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\n" + text + "\r\n\r\n",
		"detail":              "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n" + `{"detail":"bad token ` + token + `"}`,
		"detail of 404":       "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n" + `{"detail":["Bearer ` + token + `"]}`,
		"JSON with a tail":    ok + "\r\n" + `{"data":{}}["` + text + `"]`,
		"an id that is one":   ok + "\r\n" + `{"data":{"id":"e","download_ids":["` + token + `"]}}`,
		"an impossible id":    ok + "\r\n" + `{"data":{"id":"e","download_ids":["` + text + `"]}}`,
		"a member of no name": ok + "\r\n" + `{"data":{"` + text + `":1,"` + text + `":2}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serveRaw(t, response)
			for _, source := range []string{"e", url + "/x.csv"} {
				cmd := exec.Command("fastcount", "--server", url, "--retries", "0", source)
				cmd.Env = append(os.Environ(), "FASTCOUNT_TOKEN"+"="+token)
				out, err := cmd.CombinedOutput()
				if code := ExitCode(t, err); code == 0 || code == LeakCode || strings.Contains(string(out), token) {
					t.Errorf("%s: exit code %d: %s", source, code, out)
				}
			}
		})
	}
}

// TestTokenFileIsReadAgain renews the token in a file after the program was
// denied access with the old one. A file that is not regular is read once.
func TestTokenFileIsReadAgain(t *testing.T) {
	inner, err := mockserver.New(mockserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, link := range map[string]string{"a file": "", "standard input": "/dev/stdin"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(file, []byte("old\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == "Bearer new" {
					inner.ServeHTTP(w, r)
					return
				}
				if err := os.WriteFile(file, []byte("new\n"), 0o600); err != nil {
					t.Error(err)
				}
				w.WriteHeader(http.StatusUnauthorized)
			}))
			defer server.Close()
			cmd := exec.Command("fastcount", "--server", server.URL, "--token-file", cmp.Or(link, file), "demo")
			cmd.Stdin = strings.NewReader("old")
			out, err := cmd.CombinedOutput()
			want := 0
			if link != "" {
				want = 7
			}
			if code := ExitCode(t, err); code != want {
				t.Errorf("exit code %d: %s", code, out)
			}
		})
	}
}
