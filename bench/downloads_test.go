package bench

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/sources"
)

// BenchmarkDownloads counts 2,000 downloads of 4 kB with four transfers at
// once, over loopback. The server is in the same process.
//
//	go test -run='^$' -bench=Downloads ./bench
func BenchmarkDownloads(b *testing.B) {
	text := "patient_id,event_time,event_type,value\n" + strings.Repeat("P001,2025-08-26T00:00:04.906404Z,bp_sys,71\n", 93)
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	for name, start := range map[string]func(*httptest.Server){
		"http": (*httptest.Server).Start, "https": (*httptest.Server).StartTLS,
	} {
		b.Run("scheme="+name, func(b *testing.B) {
			server := httptest.NewUnstartedServer(answer)
			start(server)
			defer server.Close()
			client := clientOf(b, server)
			defer client.Close()
			parts := make([]engine.Part, 2000/divisor)
			for i := range parts {
				u, err := client.URL(fmt.Sprint(server.URL, "/", i), "")
				if err != nil {
					b.Fatal(err)
				}
				parts[i] = u
			}
			for b.Loop() {
				r, err := engine.Run(b.Context(), parts, engine.Config{Transfers: 4})
				if err != nil || r.Rows != uint64(93*len(parts)) {
					b.Fatalf("%v, %v", r, err)
				}
			}
			b.SetBytes(int64(len(text) * len(parts)))
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(parts)), "µs/download")
		})
	}
}

// clientOf returns a client that trusts the certificate of a server, if it has
// one.
func clientOf(b *testing.B, server *httptest.Server) *sources.Client {
	var o sources.Options
	if c := server.Certificate(); c != nil {
		o.CAFile = filepath.Join(b.TempDir(), "ca.pem")
		if err := os.WriteFile(o.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	client, err := sources.NewClient(o)
	if err != nil {
		b.Fatal(err)
	}
	return client
}
