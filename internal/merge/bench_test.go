package merge

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"fastcount/internal/atomicfile"
	"fastcount/internal/partial"
)

// synthetic writes n partial results of a number of pairs each, all of the same
// patients and event types if same is set.
func synthetic(b *testing.B, n, pairs int, same bool) (files []string) {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("%06d%s", i, Suffix))
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		w, err := partial.NewWriter(f, partial.Header{Job: "w", Covers: []partial.Interval{{int64(i), int64(i) + 1}}, Total: int64(n)})
		if err != nil {
			b.Fatal(err)
		}
		first := 0
		if !same {
			first = i * pairs / 8
		}
		for p := range pairs {
			if err := w.Add([]string{fmt.Sprintf("P%08d", first+p/8), fmt.Sprintf("event_%d", p%8)}, 1000); err != nil {
				b.Fatal(err)
			}
		}
		part := partial.Part{Name: fmt.Sprint(i), Rows: uint64(pairs) * 1000, Attempts: 1}
		if err := w.Close([]partial.Part{part}); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		files = append(files, path)
	}
	return files
}

// BenchmarkReport adds the partial results of a large cluster up.
//
//	go test -run='^$' -bench=Report ./internal/merge
func BenchmarkReport(b *testing.B) {
	const n, pairs = 10_000, 80
	files := synthetic(b, n, pairs, true)
	for b.Loop() {
		r, err := report(files)
		if err != nil || len(r.Counts) != pairs || r.Rows != n*pairs*1000 {
			b.Fatalf("%v, %v", r, err)
		}
	}
}

// BenchmarkToPartial merges distinct pairs, whose number the memory does not
// depend on.
//
//	go test -run='^$' -bench=ToPartial ./internal/merge
func BenchmarkToPartial(b *testing.B) {
	for _, pairs := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprintf("pairs=%d", pairs), func(b *testing.B) {
			files := synthetic(b, 100, pairs/100, false)
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.ReadMemStats(&before)
				s, err := Open(files)
				if err != nil {
					b.Fatal(err)
				}
				dir := b.TempDir()
				if err := s.ToPartial(atomicfile.OS{}, filepath.Join(dir, "merged"), dir); err != nil {
					b.Fatal(err)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
			}
			b.ReportMetric(float64(after.HeapSys)/(1<<20), "MiB-of-heap")
			b.ReportMetric(float64(pairs)*float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
		})
	}
}
