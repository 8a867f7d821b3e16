package sources

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"fastcount/engine"
)

// TestMain removes the proxies of the environment, which are not those of the
// tests.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		os.Unsetenv(name)
		os.Unsetenv(strings.ToLower(name))
	}
	goleak.VerifyTestMain(m)
}

const csvText = "patient_id,event_time,event_type,value\nP1,t,a,1\nP2,t,b,2\n"

func gz(t testing.TB, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Name = "x.csv"
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func zst(t testing.TB, text string) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	return e.EncodeAll([]byte(text), nil)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func write(t testing.TB, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func tempFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), name), data)
}

// readPart makes one attempt, as the engine does, and returns the data before
// the error, which is nil for io.EOF.
func readPart(t testing.TB, p engine.Part) (string, error) {
	t.Helper()
	return readPartCtx(t, context.Background(), p)
}

func readPartCtx(t testing.TB, ctx context.Context, p engine.Part) (string, error) {
	t.Helper()
	s, err := p.Open(ctx)
	if err != nil {
		return "", err
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	return drain(s)
}

func drain(r io.Reader) (string, error) {
	var text strings.Builder
	buf := make([]byte, 1000)
	for {
		n, err := r.Read(buf)
		text.Write(buf[:n])
		if err == io.EOF {
			return text.String(), nil
		}
		if err != nil {
			return text.String(), err
		}
	}
}

// pipeTo returns a dialer whose connections lead to serve, by way of net.Pipe.
func pipeTo(serve func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		server, client := net.Pipe()
		go serve(server)
		return client, nil
	}
}
