// Package bench measures every stage of a count, and counts of whole inputs.
// Each benchmark verifies its result and also runs once as a test.
//
//	go test -run='^$' -bench=. ./bench
//
// To profile a benchmark:
//
//	go test -run='^$' -bench=Run/source=file -cpuprofile=cpu.prof ./bench
package bench

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"fastcount/internal/testing/proof"
	"fastcount/internal/testing/shapes"
	"fastcount/mockserver"
)

// benchmarks holds all benchmarks of this package, so that a test can run each
// of them once.
var benchmarks = map[string]func(*testing.B){
	"Index":     BenchmarkIndex,
	"Parse":     BenchmarkParse,
	"Intern":    BenchmarkIntern,
	"Count":     BenchmarkCount,
	"Fused":     BenchmarkFused,
	"Run":       BenchmarkRun,
	"Stream":    BenchmarkStream,
	"Pairs":     BenchmarkPairs,
	"By":        BenchmarkBy,
	"Hostile":   BenchmarkHostile,
	"Sinks":     BenchmarkSinks,
	"Downloads": BenchmarkDownloads,
}

// divisor divides the sizes of inputs. It is larger when benchmarks run as
// tests.
var divisor = 1

// TestEveryBenchmarkOnce runs each benchmark once, with small inputs unless the
// run is long.
func TestEveryBenchmarkOnce(t *testing.T) {
	divisor = proof.Bound(16, 1)
	if err := flag.Set("test.benchtime", "1x"); err != nil {
		t.Fatal(err)
	}
	for name, f := range benchmarks {
		t.Run(name, func(t *testing.T) {
			if testing.Benchmark(f).N == 0 {
				t.Error("the benchmark failed; run it with -bench to see why")
			}
		})
	}
}

// shape is an input with a known number of rows.
type shape struct {
	name string
	data []byte
	rows int
}

// reference returns the rows in the first 8 MiB of a download of the built-in
// export small.
var reference = sync.OnceValue(func() shape {
	size := 8 << 20 / divisor
	w := &head{left: size}
	if err := mockserver.Builtin()[1].Downloads[0].Body(w); err != errFull {
		panic(err)
	}
	data := w.b[:bytes.LastIndexByte(w.b, '\n')+1]
	return shape{"reference", data, bytes.Count(data, []byte{'\n'}) - 1}
})

// filesIn returns a function that creates a file in dir and returns its path.
func filesIn(b *testing.B, dir string) func(name string, data []byte) (path string) {
	return func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
}

// head is a writer that keeps the first bytes and then fails.
type head struct {
	b    []byte
	left int
}

var errFull = errors.New("head is full")

func (h *head) Write(p []byte) (int, error) {
	n := min(len(p), h.left)
	h.b = append(h.b, p[:n]...)
	if h.left -= n; h.left == 0 {
		return n, errFull
	}
	return n, nil
}

// cached returns the rows in the first 256 KiB of s, which fit in the
// second-level cache of a processor.
func (s shape) cached() shape {
	const size = 256 << 10
	data := s.data[:bytes.LastIndexByte(s.data[:min(size, len(s.data))], '\n')+1]
	return shape{s.name, data, bytes.Count(data, []byte{'\n'}) - 1}
}

// allShapes returns the reference rows, and other shapes of about the same
// size.
func allShapes() []shape {
	list := []shape{reference()}
	for _, name := range []string{"uuid", "quoted", "crlf", "wide"} {
		rows := uint64(reference().rows)
		if name == "wide" {
			rows /= 4
		}
		var b bytes.Buffer
		if err := shapes.Write(&b, name, rows); err != nil {
			panic(err)
		}
		list = append(list, shape{name, b.Bytes(), int(rows)})
	}
	return list
}

// report reports the throughput of a benchmark in which each iteration counts
// s.
func report(b *testing.B, s shape) {
	b.SetBytes(int64(len(s.data)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(s.rows), "ns/row")
	b.ReportAllocs()
}
