package program

import (
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
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
