package program

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// objectStore is a server of one object with byte ranges.
type objectStore struct {
	mu     sync.Mutex
	data   string
	etag   string
	ranges map[string]int // number of requests, by the header Range
}

func startObjectStore(t *testing.T) (*objectStore, string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("patient_id,event_type\n")
	for i := range 100_000 {
		fmt.Fprintf(&b, "P%d,e%d\n", i%97, i%5)
	}
	s := &objectStore{data: b.String(), etag: `"v1"`, ranges: make(map[string]int)}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL + "/x.csv?signature=canary-token"
}

func (s *objectStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ranges[r.Header.Get("Range")]++
	if r.URL.Query().Get("signature") != "canary-token" {
		http.Error(w, "no signature", http.StatusForbidden)
		return
	}
	w.Header().Set("ETag", s.etag)
	http.ServeContent(w, r, "x.csv", time.Time{}, strings.NewReader(s.data))
}

// reset returns the number of different ranges that were requested since the
// last call.
func (s *objectStore) reset() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.ranges)
	s.ranges = make(map[string]int)
	return n
}

// replace changes the version of the object, but not its data.
func (s *objectStore) replace(etag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.etag = etag
}

// TestRangesOfURL counts a URL in ranges, in one stream, and in shards. Nothing
// but the plan holds its query.
func TestRangesOfURL(t *testing.T) {
	t.Setenv("FASTCOUNT_RANGE_SIZE", "100k")
	s, url := startObjectStore(t)
	name, _, _ := strings.Cut(url, "?")
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		stdout, stderr, code := runProgram(t, args...)
		if code != want || strings.Contains(stderr, "canary") {
			t.Fatalf("%s: exit code %d: %s", args, code, stderr)
		}
		return stdout, stderr
	}
	whole, _ := run(exitDone, "--transfers", "1", url)
	if n := s.reset(); n != 1 {
		t.Errorf("one transfer made %d requests", n)
	}
	ranges, stderr := run(exitDone, url)
	if n := s.reset(); ranges != whole || n < 5 || !strings.Contains(stderr, "proof of completeness: length") {
		t.Errorf("%d requests, or other bytes: %s", n, stderr)
	}

	dir := t.TempDir()
	file, parts := filepath.Join(dir, "work.plan"), filepath.Join(dir, "parts")
	text, stderr := run(exitDone, "plan", url)
	if !strings.Contains(text, "canary") || !strings.Contains(stderr, "warning: "+name+": the plan contains the query of this URL, which may be a secret") {
		t.Errorf("%s\n%s", text, stderr)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		run(exitDone, "--plan", file, "--shard", fmt.Sprintf("%d/3", i), "--out-dir", parts)
	}
	if merged, stderr := run(exitDone, "merge", parts); merged != whole {
		t.Errorf("other bytes of three shards: %s", stderr)
	}
	s.replace(`"v2"`)
	_, stderr = run(9, "--plan", file, "--shard", "1/3", "--out-dir", parts)
	if want := name + ": changed since the plan was made: ETag or modification time differs\n"; !strings.Contains(stderr, want) {
		t.Errorf("got %s, want %s", stderr, want)
	}
	if text, stderr := run(exitDone, "plan", "--scan", url); !strings.Contains(text, `"scanned":true`) {
		t.Errorf("%s\n%s", text, stderr)
	}
}
