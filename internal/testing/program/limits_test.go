package program

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// zstdData is CSV in a zstd frame with a window of 1 MiB.
func zstdData(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"patient_id,event_type\n", strings.Repeat("P1,up\n", 400_000)} {
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestMaxWindow counts data with a window of 1 MiB, in a file and from a
// server, with that limit and with one byte less.
func TestMaxWindow(t *testing.T) {
	data := zstdData(t)
	file := filepath.Join(t.TempDir(), "a.csv.zst")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "zstd")
		_, _ = w.Write(data)
	}))
	defer s.Close()
	for _, source := range []string{file, s.URL + "/a.csv"} {
		checkRun(t, 0, "", "-q", "--max-window", "1M", source)
		checkRun(t, exitLimit, "hint: raise the limit with --max-window\n", "--retries", "0", "--max-window", "1048575", source)
	}
}

// TestTLSTimeout connects to a server that accepts connections and sends
// nothing.
func TestTLSTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	checkRun(t, exitRetries, "--tls-timeout", "--retries", "0", "--tls-timeout", "50ms", "https://"+l.Addr().String()+"/a.csv")
}

// checkRun runs the program. It requires an exit code, and a text on standard
// error.
func checkRun(t *testing.T, code int, message string, args ...string) {
	t.Helper()
	cmd := exec.Command("fastcount", args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(stderr.String(), message) {
		t.Errorf("%q: exit code %d, want %d; got %q, want %q", args, got, code, &stderr, message)
	}
}
