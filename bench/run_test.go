package bench

import (
	"bytes"
	"context"
	"net/http/httptest"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"fastcount/engine"
	"fastcount/mockserver"
	"fastcount/sources"
)

// BenchmarkRun counts whole inputs by source and number of workers.
//
//	go test -run='^$' -bench=Run -count=10 ./bench
func BenchmarkRun(b *testing.B) {
	s := reference()
	file := filesIn(b, b.TempDir())
	plain := file("plain.csv", s.data)
	for _, source := range []struct {
		name string
		jobs int
		find func(b *testing.B) []engine.Part
	}{
		{"memory/jobs=1", 1, func(*testing.B) []engine.Part { return []engine.Part{memory{s, 1}} }},
		{"file/jobs=1", 1, fileParts(plain)},
		{"file/jobs=2", 2, fileParts(plain)},
		{"gzip/jobs=1", 1, fileParts(file("data.gz", zipped(s.data)))},
		{"zstd/jobs=1", 1, fileParts(file("data.zst", zstandard(s.data)))},
		{"http/jobs=1", 1, httpParts(s)},
	} {
		b.Run("source="+source.name, func(b *testing.B) {
			for b.Loop() {
				r, err := engine.Run(b.Context(), source.find(b), engine.Config{Jobs: source.jobs})
				if err != nil {
					b.Fatal(err)
				}
				if r.Rows != uint64(s.rows) || r.Bytes != uint64(len(s.data)) {
					b.Fatalf("%d rows and %d bytes, want %d and %d", r.Rows, r.Bytes, s.rows, len(s.data))
				}
			}
			report(b, s)
		})
	}
}

func fileParts(path string) func(*testing.B) []engine.Part {
	return func(b *testing.B) []engine.Part {
		f, err := sources.NewFile(path, sources.LocalOptions{})
		if err != nil {
			b.Fatal(err)
		}
		return []engine.Part{f}
	}
}

// httpParts serves s over loopback as the only download of an export.
func httpParts(s shape) func(*testing.B) []engine.Part {
	export := mockserver.Export{ID: "bench", Downloads: []mockserver.Download{{
		ID: "download", Rows: uint64(s.rows), Body: mockserver.Bytes(s.data),
		Patients: []string{"S001", "S002", "S003", "S004", "S005", "S006"}, Events: []string{"heart_rate", "spo2"},
	}}}
	var client *sources.Client
	return func(b *testing.B) []engine.Part {
		if client == nil {
			client = serve(b, export)
		}
		downloads, err := client.Export(context.Background(), "bench")
		if err != nil {
			b.Fatal(err)
		}
		return []engine.Part{downloads[0]}
	}
}

// serve serves export over loopback and returns a client.
func serve(b *testing.B, export mockserver.Export) *sources.Client {
	handler, err := mockserver.New(mockserver.Options{Exports: []mockserver.Export{export}})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	client, err := sources.NewClient(sources.Options{Server: server.URL})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.Close)
	return client
}

func zipped(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func zstandard(data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(data, nil)
}
