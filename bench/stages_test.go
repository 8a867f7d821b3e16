package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/intern"
	"fastcount/internal/simd"
	"fastcount/parser"
)

// BenchmarkIndex scans cached data, by kernel. bytes.Count is an upper bound
// for the machine.
//
//	go test -run='^$' -bench=Index -count=10 ./bench
func BenchmarkIndex(b *testing.B) {
	s := reference().cached()
	dst := make([]uint32, len(s.data)+simd.Slack)
	for _, k := range simd.Kernels() {
		b.Run("kernel="+k.Name, func(b *testing.B) {
			if !k.Available {
				b.Skip("not available here")
			}
			for b.Loop() {
				if m := k.Index(dst, s.data, ','); m.Offsets != 4*(s.rows+1) || m.Newlines != s.rows+1 {
					b.Fatalf("found %+v", m)
				}
			}
			report(b, s)
		})
	}
	b.Run("kernel=bytes.Count", func(b *testing.B) {
		for b.Loop() {
			if n := bytes.Count(s.data, []byte{'\n'}); n != s.rows+1 {
				b.Fatalf("counted %d", n)
			}
		}
		report(b, s)
	})
}

// BenchmarkParse parses blocks of rows, by shape.
//
//	go test -run='^$' -bench=Parse -count=10 ./bench
func BenchmarkParse(b *testing.B) {
	cfg := parser.Config{Columns: []parser.Selector{{Name: "patient_id"}, {Name: "event_type"}}}
	for _, s := range allShapes() {
		b.Run("shape="+s.name, func(b *testing.B) {
			src := bytes.NewReader(nil)
			r := parser.NewReader(src, cfg)
			defer r.Release()
			for b.Loop() {
				src.Reset(s.data)
				r.Reset(src, cfg)
				if rows, err := countRows(r); rows != s.rows || err != io.EOF {
					b.Fatalf("%d rows of %d, %v", rows, s.rows, err)
				}
			}
			report(b, s)
		})
	}
}

func countRows(r *parser.Reader) (rows int, err error) {
	for {
		block, err := r.Next()
		if err != nil {
			return rows, err
		}
		rows += block.Rows
	}
}

// BenchmarkIntern looks up known names, by kind of name.
//
//	go test -run='^$' -bench=Intern -count=10 ./bench
func BenchmarkIntern(b *testing.B) {
	for _, kind := range []struct {
		name  string
		names int
		make  func(i int) string
	}{
		{"few", 6, func(i int) string { return fmt.Sprintf("S%03d", i) }},
		{"lengths", 4, func(i int) string { return []string{"heart_rate", "spo2", "bp_sys", "bp_dia"}[i] }},
		{"thousand", 1000, func(i int) string { return fmt.Sprintf("L%07d", i) }},
		{"uuid", 20, func(i int) string { return fmt.Sprintf("%08x-7c1d-4a89-9e55-4f6d1c2b3a00", uint32(i)*2654435761) }},
		{"million", 1 << 20 / divisor, func(i int) string { return fmt.Sprintf("L%07d", i) }},
	} {
		b.Run("names="+kind.name, func(b *testing.B) {
			rows := max(1<<16, kind.names) // enough to reach all parts of the table
			var data []byte
			starts, ends := make([]uint32, rows), make([]uint32, rows)
			table := intern.New(nil)
			for i := range kind.names {
				if _, err := table.ID([]byte(kind.make(i))); err != nil {
					b.Fatal(err)
				}
			}
			want := make([]uint32, rows)
			for i := range rows {
				want[i] = uint32(uint64(i) * 0x9e3779b97f4a7c15 >> 40 % uint64(kind.names))
				starts[i] = uint32(len(data))
				data = append(data, kind.make(int(want[i]))...)
				ends[i] = uint32(len(data))
				data = append(data, ',')
			}
			data = append(data, strings.Repeat(",", intern.Slack)...)[:len(data)]
			ids := make([]uint32, rows)
			for b.Loop() {
				if n, err := table.IDs(ids, data, starts, ends); n != rows || err != nil {
					b.Fatal(n, err)
				}
			}
			for i := range ids {
				if ids[i] != want[i] {
					b.Fatalf("row %d: got %d, want %d", i, ids[i], want[i])
				}
			}
			report(b, shape{kind.name, data, rows})
		})
	}
}

// memory is a part that holds its bytes in memory and repeats its rows. Reading
// it costs only a copy.
type memory struct {
	shape
	times int
}

func (m memory) Name() string { return m.name }

func (m memory) Info() engine.PartInfo { return engine.PartInfo{} }

func (m memory) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(&repeat{head: m.data, body: m.data[bytes.IndexByte(m.data, '\n')+1:], left: m.times}), nil
}

// repeat is a stream of head followed by left-1 times body.
type repeat struct {
	head, body []byte
	left       int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && r.left > 0 {
		c := copy(p[n:], r.head)
		n += c
		if r.head = r.head[c:]; len(r.head) == 0 {
			r.head = r.body
			r.left--
		}
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// BenchmarkCount counts cached rows with one worker, by shape. It includes
// copying, scanning, looking up and counting.
//
//	go test -run='^$' -bench=Count -count=10 ./bench
func BenchmarkCount(b *testing.B) {
	times := 64 / divisor
	for _, s := range allShapes() {
		b.Run("shape="+s.name, func(b *testing.B) {
			small := s.cached()
			parts := []engine.Part{memory{small, times}}
			for b.Loop() {
				r, err := engine.Run(b.Context(), parts, engine.Config{})
				if err != nil {
					b.Fatal(err)
				}
				if r.Rows != uint64(small.rows*times) {
					b.Fatalf("%d rows, want %d", r.Rows, small.rows*times)
				}
			}
			report(b, shape{s.name, make([]byte, len(small.data)*times), small.rows * times})
		})
	}
}
