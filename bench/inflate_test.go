package bench

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	kgzip "github.com/klauspost/compress/gzip"

	"fastcount/internal/inflate"
)

// BenchmarkInflate decodes gzip data without counting it. The data is that of
// the files *.gz in the directory GZIP_DIR, or rows like those of the
// reference. best-MB/s is the speed of the fastest iteration in processor time,
// which other processes on the machine disturb least.
//
//	go test -run='^$' -bench=Inflate -count=3 ./bench
//	bench/inflate/run    # next to libraries in C
func BenchmarkInflate(b *testing.B) {
	for name, data := range gzipData(b) {
		want, err := sizeOf(gzip.NewReader(bytes.NewReader(data)))
		if err != nil {
			b.Fatal(err)
		}
		for _, decoder := range []struct {
			name   string
			decode func(data []byte) (n int64, err error)
		}{
			{"fastcount", membersDecoder()},
			{"klauspost", func(data []byte) (int64, error) { return sizeOf(kgzip.NewReader(bytes.NewReader(data))) }},
			{"compress/gzip", func(data []byte) (int64, error) { return sizeOf(gzip.NewReader(bytes.NewReader(data))) }},
		} {
			b.Run("decoder="+decoder.name+"/file="+name, func(b *testing.B) {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				b.SetBytes(want)
				best := time.Duration(math.MaxInt64)
				for b.Loop() {
					begin := threadTime()
					n, err := decoder.decode(data)
					best = min(best, threadTime()-begin)
					if n != want || err != nil {
						b.Fatalf("decoded %d bytes, %v, want %d", n, err, want)
					}
				}
				b.ReportMetric(float64(want)/1e6/best.Seconds(), "best-MB/s")
			})
		}
	}
}

// gzipData returns compressed data by name.
func gzipData(b *testing.B) map[string][]byte {
	dir := os.Getenv("GZIP_DIR")
	if dir == "" {
		return map[string][]byte{"rows": zipped(reference().data), "members": pieces(zipped, reference().data)}
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	if err != nil || len(paths) == 0 {
		b.Fatalf("GZIP_DIR: no files *.gz, %v", err)
	}
	data := map[string][]byte{}
	for _, path := range paths {
		if data[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			b.Fatal(err)
		}
	}
	return data
}

// membersDecoder returns a function that decodes members, and returns their
// size. It verifies their checksums, as the other decoders do.
func membersDecoder() func(data []byte) (n int64, err error) {
	var in inflate.Input
	var m inflate.Member
	src := bytes.NewReader(nil)
	return func(data []byte) (n int64, err error) {
		src.Reset(data)
		in.Reset(src)
		for err = m.Reset(&in); err == nil; err = m.Reset(&in) {
			for err == nil {
				var p []byte
				p, err = m.Next()
				n += int64(len(p))
			}
			if err != io.EOF {
				return n, err
			}
		}
		if err == io.EOF {
			err = nil
		}
		return n, err
	}
}

// sizeOf reads r to its end and returns its size.
func sizeOf[R io.Reader](r R, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, struct{ io.Reader }{r})
}
