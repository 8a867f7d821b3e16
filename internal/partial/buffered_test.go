package partial_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/partial"
)

// TestBuffers reads groups through buffers of many sizes, which hold lines as a
// whole or in part.
func TestBuffers(t *testing.T) {
	var text bytes.Buffer
	w, err := partial.NewWriter(&text, partial.Header{By: []string{"a", "b", "c"}})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	rows := uint64(0)
	for i := range 300 {
		values := []string{fmt.Sprintf("%03d%s", i/9, strings.Repeat("x", i%7)), strings.Repeat("y", i%9*11), fmt.Sprintf("z%d", i%4)}
		n := uint64(1) << (i % 40)
		if err := w.Add(values, n); err != nil {
			continue // not in order
		}
		rows += n
		want = append(want, fmt.Sprintf("%q %d", values, n))
	}
	if err := w.Close([]partial.Part{{Name: "p", Rows: rows, Attempts: 1}}); err != nil || len(want) < 50 {
		t.Fatal(len(want), err)
	}
	for _, size := range []int{16, 17, 31, 40, 64, 100, 1000, 1 << 16} {
		r, err := partial.NewReader(bufio.NewReaderSize(bytes.NewReader(text.Bytes()), size))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			values, n, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("buffer of %d bytes: %v", size, err)
			}
			got = append(got, fmt.Sprintf("%q %d", values, n))
		}
		if !slices.Equal(got, want) {
			t.Errorf("buffer of %d bytes: %d groups, want %d", size, len(got), len(want))
		}
	}
}
