package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"testing"

	"fastcount/engine"
	"fastcount/sources"
)

// BenchmarkStream reads sources that are one stream: without counting, which is
// the limit of the source, and with counting. Files with several gzip members
// or zstd frames are counted on all processors.
//
//	go test -run='^$' -bench=Stream -count=10 ./bench
func BenchmarkStream(b *testing.B) {
	ref, hard := reference(), randomPairs(1_000_000/divisor, 4, 250_000/divisor)
	cfg := engine.Config{Jobs: runtime.GOMAXPROCS(0), RangeSize: 1 << 20}
	long := repeated(ref, 6)
	file := filesIn(b, b.TempDir())
	for _, source := range []struct {
		name string
		find func(b *testing.B) engine.Part
		shape
	}{
		{"gzip", compressed(file("ref.gz", zipped(ref.data))), ref},
		{"zstd", compressed(file("ref.zst", zstandard(ref.data))), ref},
		{"gzip/million", compressed(file("hard.gz", zipped(hard.data))), hard},
		{"zstd/million", compressed(file("hard.zst", zstandard(hard.data))), hard},
		{"gzip/members", compressed(file("refs.gz", pieces(zipped, long.data))), long},
		{"zstd/frames", compressed(file("refs.zst", pieces(zstandard, long.data))), long},
		{"pipe", pipe(ref), ref},
		{"http", served(b, ref), ref},
	} {
		b.Run("source="+source.name+"/alone", func(b *testing.B) {
			buf := make([]byte, 512<<10)
			for b.Loop() {
				if n, err := discard(source.find(b), buf); err != nil || n != len(source.data) {
					b.Fatalf("read %d bytes of %d, %v", n, len(source.data), err)
				}
			}
			report(b, source.shape)
		})
		b.Run("source="+source.name+"/counted", func(b *testing.B) {
			for b.Loop() {
				r, err := engine.Run(b.Context(), []engine.Part{source.find(b)}, cfg)
				if err != nil || r.Rows != uint64(source.rows) {
					b.Fatalf("%v, %v", r, err)
				}
			}
			report(b, source.shape)
		})
	}
}

// repeated returns the header of s followed by its rows n times.
func repeated(s shape, n int) shape {
	body := bytes.IndexByte(s.data, '\n') + 1
	return shape{s.name, slices.Concat(s.data[:body], bytes.Repeat(s.data[body:], n)), n * s.rows}
}

// pieces compresses data in pieces of 256 KiB.
func pieces(compress func([]byte) []byte, data []byte) (out []byte) {
	for piece := range slices.Chunk(data, 256<<10) {
		out = append(out, compress(piece)...)
	}
	return out
}

// discard reads a part to its end and returns its size.
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

// compressed returns a part that reads a file.
func compressed(path string) func(*testing.B) engine.Part {
	return func(b *testing.B) engine.Part {
		f, err := sources.NewFile(path, sources.LocalOptions{})
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
}

// pipe returns a part that reads s from a pipe.
func pipe(s shape) func(*testing.B) engine.Part {
	return func(b *testing.B) engine.Part {
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
		return closing{sources.NewStdin(r, sources.LocalOptions{}), r}
	}
}

// closing is a part whose streams also close r.
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

// closers is a stream that also closes last.
type closers struct {
	io.ReadCloser
	last io.Closer
}

func (c closers) Close() error { return errors.Join(c.ReadCloser.Close(), c.last.Close()) }

// served serves s over loopback.
func served(b *testing.B, s shape) func(*testing.B) engine.Part {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(s.data) // the client detects a failure
	}))
	b.Cleanup(server.Close)
	client, err := sources.NewClient(sources.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.Close)
	return func(b *testing.B) engine.Part {
		u, err := client.URL(server.URL, "")
		if err != nil {
			b.Fatal(err)
		}
		return u
	}
}
