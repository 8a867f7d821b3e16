package bench

import (
	"bytes"
	"testing"

	"fastcount/engine"
	"fastcount/sinks"
)

// BenchmarkSinks writes a report with many patients, by format. Its rows are
// pairs.
//
//	go test -run='^$' -bench=Sinks -count=10 ./bench
func BenchmarkSinks(b *testing.B) {
	data := randomPairs(100_000/divisor, 4, 1_000_000/divisor)
	r, err := engine.Run(b.Context(), []engine.Part{memory{data, 1}}, engine.Config{})
	if err != nil {
		b.Fatal(err)
	}
	pairs, patients, events := len(r.Counts), len(r.Keys[0]), len(r.Keys[1])
	for _, sink := range []struct {
		name  string
		sink  sinks.Sink
		lines int
	}{
		{"json", sinks.JSON{}, pairs + 2*patients + events + 6},
		{"json-compact", sinks.JSON{Compact: true}, 1},
		{"ndjson", sinks.NDJSON{}, pairs},
		{"csv", sinks.CSV{}, pairs + 1},
		{"table", sinks.Table{Top: -1}, patients + 4},
	} {
		b.Run("format="+sink.name, func(b *testing.B) {
			var w lineCounter
			for b.Loop() {
				w = lineCounter{}
				if err := sink.sink.Write(&w, r); err != nil {
					b.Fatal(err)
				}
				if w.lines != sink.lines {
					b.Fatalf("%d lines, want %d", w.lines, sink.lines)
				}
			}
			report(b, shape{sink.name, make([]byte, w.bytes), pairs})
		})
	}
}

// lineCounter is a writer that counts bytes and lines.
type lineCounter struct{ bytes, lines int }

func (c *lineCounter) Write(p []byte) (int, error) {
	c.bytes += len(p)
	c.lines += bytes.Count(p, []byte{'\n'})
	return len(p), nil
}
