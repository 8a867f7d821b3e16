package bench

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"fastcount/engine"
	"fastcount/sources"
)

// BenchmarkAhead reads sources that are one stream: without counting, which is what the source itself can give;
// counted by the goroutine that reads; and counted beside one that reads ahead. On a machine with one processor the
// last two are the same.
//
//	go test -run='^$' -bench=Ahead -count=10 ./bench
func BenchmarkAhead(b *testing.B) {
	ref, hard := reference(), randomPairs(1_000_000, 4, 250_000)
	dir := b.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	for _, source := range []struct {
		name string
		find func(b *testing.B, ahead bool) engine.Part
		shape
	}{
		{"gzip", compressed(file("ref.gz", zipped(ref.data))), ref},
		{"zstd", compressed(file("ref.zst", zstandard(ref.data))), ref},
		{"gzip/million", compressed(file("hard.gz", zipped(hard.data))), hard},
		{"zstd/million", compressed(file("hard.zst", zstandard(hard.data))), hard},
		{"pipe", pipe(ref), ref},
		{"http", served(b, ref), ref},
	} {
		b.Run("source="+source.name+"/alone", func(b *testing.B) {
			buf := make([]byte, 512<<10)
			for b.Loop() {
				if n, err := discard(source.find(b, false), buf); err != nil || n != len(source.data) {
					b.Fatalf("read %d bytes of %d, %v", n, len(source.data), err)
				}
			}
			report(b, source.shape)
		})
		for _, way := range []struct {
			name  string
			ahead bool
		}{{"counted", false}, {"ahead", true}} {
			b.Run("source="+source.name+"/"+way.name, func(b *testing.B) {
				for b.Loop() {
					r, err := engine.Run(b.Context(), []engine.Part{source.find(b, way.ahead)}, engine.Config{})
					if err != nil || r.Rows != uint64(source.rows) {
						b.Fatalf("%v, %v", r, err)
					}
				}
				report(b, source.shape)
			})
		}
	}
}

// discard reads a part to its end and returns its number of bytes.
func discard(p engine.Part, buf []byte) (n int, err error) {
	stream, err := p.Open(context.Background())
	if err != nil {
		return 0, err
	}
	for err == nil {
		var m int
		m, err = stream.Read(buf)
		n += m
	}
	if err == io.EOF {
		err = nil
	}
	return n, errors.Join(err, stream.Close())
}

func compressed(path string) func(*testing.B, bool) engine.Part {
	return func(b *testing.B, ahead bool) engine.Part {
		f, err := sources.NewFile(path, sources.LocalOptions{ReadAhead: ahead})
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
}

// pipe writes the shape into a pipe, in another goroutine.
func pipe(s shape) func(*testing.B, bool) engine.Part {
	return func(b *testing.B, ahead bool) engine.Part {
		r, w, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			if _, err := w.Write(s.data); err != nil {
				b.Error(err)
			}
			if err := w.Close(); err != nil {
				b.Error(err)
			}
		}()
		return closing{sources.NewStdin(r, sources.LocalOptions{ReadAhead: ahead}), r}
	}
}

// closing closes a reader with the stream of the part that reads it.
type closing struct {
	engine.Part
	r io.Closer
}

func (c closing) Open(ctx context.Context) (io.ReadCloser, error) {
	stream, err := c.Part.Open(ctx)
	if err != nil {
		return nil, err
	}
	return closers{stream, c.r}, nil
}

type closers struct {
	io.ReadCloser
	last io.Closer
}

func (c closers) Close() error { return errors.Join(c.ReadCloser.Close(), c.last.Close()) }

// served serves the shape over loopback, with a client for each way.
func served(b *testing.B, s shape) func(*testing.B, bool) engine.Part {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(s.data) // the client finds out
	}))
	b.Cleanup(server.Close)
	clients := make(map[bool]*sources.Client)
	for _, ahead := range []bool{false, true} {
		client, err := sources.NewClient(sources.Options{ReadAhead: ahead})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(client.Close)
		clients[ahead] = client
	}
	return func(b *testing.B, ahead bool) engine.Part {
		u, err := clients[ahead].URL(server.URL, "")
		if err != nil {
			b.Fatal(err)
		}
		return u
	}
}
