// Package bench measures every stage of a count and the whole of it. Each benchmark checks its answer, and each runs
// once as a test. The command that gives the figures of one benchmark stands above it; for all of them:
//
//	go test -run='^$' -bench=. ./bench
//
// and to look inside one: go test -run='^$' -bench=Run/memory -cpuprofile=cpu.prof ./bench
package bench

import (
	"bytes"
	"flag"
	"fmt"
	"sync"
	"testing"

	"fastcount/internal/testing/shapes"
	"fastcount/mockserver"
)

// benchmarks are all of this package, so that a test can run each of them once.
var benchmarks = map[string]func(*testing.B){
	"Index":   BenchmarkIndex,
	"Parse":   BenchmarkParse,
	"Intern":  BenchmarkIntern,
	"Count":   BenchmarkCount,
	"Run":     BenchmarkRun,
	"Stream":  BenchmarkStream,
	"Pairs":   BenchmarkPairs,
	"Hostile": BenchmarkHostile,
	"Sinks":   BenchmarkSinks,
}

func TestEveryBenchmarkOnce(t *testing.T) {
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

// shape is a kind of input, and how many rows it has.
type shape struct {
	name string
	data []byte
	rows int
}

// reference returns the first size bytes, to a whole row, of a download of the built-in export small.
var reference = sync.OnceValue(func() shape {
	const size = 8 << 20
	w := &head{left: size}
	if err := mockserver.Builtin()[1].Downloads[0].Body(w); err != errFull {
		panic(err)
	}
	data := w.b[:bytes.LastIndexByte(w.b, '\n')+1]
	return shape{"reference", data, bytes.Count(data, []byte{'\n'}) - 1}
})

// head keeps the first bytes that are written to it.
type head struct {
	b    []byte
	left int
}

var errFull = fmt.Errorf("enough was written")

func (h *head) Write(p []byte) (int, error) {
	n := min(len(p), h.left)
	h.b = append(h.b, p[:n]...)
	if h.left -= n; h.left == 0 {
		return n, errFull
	}
	return n, nil
}

// cached returns a shape cut down to what stays in a processor's second-level cache.
func (s shape) cached() shape {
	const size = 256 << 10
	data := s.data[:bytes.LastIndexByte(s.data[:min(size, len(s.data))], '\n')+1]
	return shape{s.name, data, bytes.Count(data, []byte{'\n'}) - 1}
}

// allShapes returns the reference rows and what else is found in the field, about as many bytes of each.
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

// report tells how fast rows of a total size were worked off.
func report(b *testing.B, s shape) {
	b.SetBytes(int64(len(s.data)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(s.rows), "ns/row")
	b.ReportAllocs()
}
