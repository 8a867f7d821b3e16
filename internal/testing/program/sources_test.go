package program

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// twoExports starts a server whose exports x and y list the same download.
func twoExports(t *testing.T) (server *httptest.Server, read *atomic.Int64) {
	t.Helper()
	read = new(atomic.Int64)
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.TrimPrefix(r.URL.Path, "/api/export/"); path {
		case "x", "y":
			fmt.Fprintf(w, `{"data":{"id":%q,"download_ids":["only-%s","d1"]}}`, path, path)
		case "x/d1", "y/d1", "x/only-x", "y/only-y":
			_, id, _ := strings.Cut(path, "/")
			fmt.Fprintf(w, `{"data":{"id":%q,"rows":2,"patients":["P1"],"event_types":["up"]}}`, id)
		case "x/d1/data", "y/d1/data", "x/only-x/data", "y/only-y/data":
			read.Add(1)
			fmt.Fprint(w, "patient_id,event_type\nP1,up\nP1,up\n")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server, read
}

// TestDownloadOfTwoExports checks that nothing is counted and no plan is
// written unless the flag allows it.
func TestDownloadOfTwoExports(t *testing.T) {
	server, read := twoExports(t)
	for _, args := range [][]string{
		{"--server", server.URL, "x", "y"},
		{"--server", server.URL, "--dry-run", "y", "x"},
		{"plan", "--server", server.URL, "x", "y"},
	} {
		stdout, stderr, code := runProgram(t, args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "fastcount: download d1: listed by the exports "+args[len(args)-2]+" and "+args[len(args)-1]+"\n") || !strings.Contains(stderr, "--allow-duplicate-ids") {
			t.Errorf("%s: exit code %d, %q, %q", args, code, stdout, stderr)
		}
	}
	data := server.URL + "/api/export/x/%641/data"
	if stdout, stderr, code := runProgram(t, "--server", server.URL, "--allow-duplicate-ids", "x", data); code != exitUsage || stdout != "" || !strings.Contains(stderr, "download x/d1 and "+data+" are the same URL") {
		t.Errorf("by its URL: exit code %d, %q, %q", code, stdout, stderr)
	}
	if n := read.Load(); n > 0 {
		t.Errorf("data was read %d times", n)
	}
	stdout, stderr, code := runProgram(t, "--server", server.URL, "--allow-duplicate-ids", "--compact", "x", "y")
	if want := `{"patients":{"P1":{"up":8}},"totals":{"up":8}}` + "\n"; code != exitDone || stdout != want {
		t.Errorf("allowed: exit code %d, %q, %q", code, stdout, stderr)
	}
	stdout, stderr, code = runProgram(t, "plan", "--server", server.URL, "--allow-duplicate-ids", "x", "y")
	if code != exitDone || strings.Count(stdout, `"d1"`) != 2 {
		t.Errorf("plan, allowed: exit code %d, %q, %q", code, stdout, stderr)
	}
}
