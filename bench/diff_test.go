package bench

import (
	"bytes"
	"io"
	"testing"

	"fastcount/engine"
	"fastcount/internal/diff"
	"fastcount/internal/partial"
	"fastcount/internal/result"
	"fastcount/sinks"
)

// BenchmarkDiff compares a result with itself, by format. Its rows are the
// pairs of one result.
//
//	go test -run='^$' -bench=Diff -count=10 ./bench
func BenchmarkDiff(b *testing.B) {
	data := randomPairs(100_000/divisor, 4, 1_000_000/divisor)
	r, err := engine.Run(b.Context(), []engine.Part{memory{data, 1}}, engine.Config{})
	if err != nil {
		b.Fatal(err)
	}
	for _, format := range []struct {
		name  string
		write func(w io.Writer) error
	}{
		{"json", func(w io.Writer) error { return sinks.JSON{}.Write(w, r) }},
		{"ndjson", func(w io.Writer) error { return sinks.NDJSON{}.Write(w, r) }},
		{"csv", func(w io.Writer) error { return sinks.CSV{}.Write(w, r) }},
		{"partial", func(w io.Writer) error { return partial.Write(w, partial.Header{}, r) }},
	} {
		var text bytes.Buffer
		if err := format.write(&text); err != nil {
			b.Fatal(err)
		}
		b.Run("format="+format.name, func(b *testing.B) {
			for b.Loop() {
				d, err := diff.Compare("old", reader(b, text.Bytes()), "new", reader(b, text.Bytes()))
				if err != nil || !d.Empty() || d.New.Groups != len(r.Counts) {
					b.Fatal(err)
				}
			}
			report(b, shape{format.name, text.Bytes(), len(r.Counts)})
		})
	}
}

func reader(b *testing.B, text []byte) *result.Reader {
	b.Helper()
	r, err := result.NewReader(bytes.NewReader(text))
	if err != nil {
		b.Fatal(err)
	}
	return r
}
