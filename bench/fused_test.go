package bench

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"fastcount/internal/fused"
	"fastcount/internal/intern"
	"fastcount/internal/simd"
)

// BenchmarkFused counts cached rows by the fused path alone, by kernel and
// shape. It reports the fastest iteration, since the others also measure what
// else the machine does. Cycles are those of its highest clock frequency.
//
//	go test -run='^$' -bench=Fused -count=10 ./bench
func BenchmarkFused(b *testing.B) {
	before := simd.Current().Name
	for _, kernel := range []string{"avx2", "avx512"} {
		for _, s := range allShapes() {
			b.Run(fmt.Sprintf("kernel=%s/shape=%s", kernel, s.name), func(b *testing.B) {
				if err := simd.Use(kernel); err != nil || !fused.Available {
					b.Skip("not available here")
				}
				defer simd.Use(before)
				benchmarkFused(b, s.cached())
			})
		}
	}
}

func benchmarkFused(b *testing.B, s shape) {
	head, body, _ := bytes.Cut(s.data, []byte{'\n'})
	columns := fieldsOf(head)
	layout := fused.Layout{Delimiter: ',', Width: len(columns)}
	for i, name := range columns {
		switch name {
		case "patient_id":
			layout.First = i
		case "event_type":
			layout.Second = i
		}
	}
	first, second, counts := namesOf(b, body, layout)
	data := append(bytes.Clone(body), make([]byte, fused.Slack)...)[:len(body)]
	path := fused.New(layout, nil)
	chain, fastest := time.Hour, time.Hour
	for b.Loop() {
		chain = min(chain, multiply())
		begin := time.Now()
		used, rows := path.Count(data, len(data), first, second, counts, stride)
		fastest = min(fastest, time.Since(begin))
		if used != len(data) || rows != s.rows {
			b.Fatalf("%d rows of %d, stopped at %d of %d", rows, s.rows, used, len(data))
		}
	}
	perRow := float64(fastest) / float64(s.rows)
	b.ReportMetric(perRow, "ns/row")
	b.ReportMetric(perRow*multiplications*cyclesPerMultiplication/float64(chain), "cycles/row")
	b.ReportMetric(float64(len(data))/float64(fastest), "GB/s")
	b.ReportMetric(0, "ns/op")
}

// stride is the number of event types, which is 4 in all shapes.
const stride = 4

// namesOf returns tables of the names in rows, and counts for all pairs.
func namesOf(b *testing.B, rows []byte, l fused.Layout) (first, second *intern.Table, counts []uint64) {
	first, second = intern.New(nil), intern.New(nil)
	for line := range bytes.Lines(rows) {
		fields := fieldsOf(line)
		for table, column := range map[*intern.Table]int{first: l.First, second: l.Second} {
			if _, err := table.ID([]byte(fields[column])); err != nil {
				b.Fatal(err)
			}
		}
	}
	return first, second, make([]uint64, first.Len()*stride)
}

// fieldsOf returns the fields of a line, which contain no structural
// characters.
func fieldsOf(line []byte) (fields []string) {
	for field := range bytes.SplitSeq(bytes.TrimRight(line, "\r\n"), []byte{','}) {
		fields = append(fields, string(bytes.Trim(field, `"`)))
	}
	return fields
}

// A dependent multiplication of 64 bits takes three cycles on all processors
// that have AVX2.
const (
	multiplications         = 2000
	cyclesPerMultiplication = 3
)

// product is the result of multiply, stored so that it is not optimized away.
var product uint64

// multiply returns how long a chain of dependent multiplications takes.
func multiply() time.Duration {
	begin, x := time.Now(), product|1
	for range multiplications {
		x *= 0x9e3779b97f4a7c15
	}
	product = x
	return time.Since(begin)
}
