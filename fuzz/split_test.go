package fuzz

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/zstd"

	"fastcount/engine"
	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/proof"
	"fastcount/sources"
)

// splitForms are the ways in which the files are compressed.
var splitForms = map[string]func(io.Writer) io.WriteCloser{
	"a.csv": nil,
	"a.gz":  func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"a.zst": func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z },
}

// Every case of the corpus as a real file, plain and as small gzip members and
// zstd frames, gives in ranges of a few bytes what it gives in one go: the same
// report, or the same error at the same place.
func TestSplitFiles(t *testing.T) {
	tried, dir := 0, t.TempDir()
	var ranges atomic.Int64
	path := func(i int, name string) string { return filepath.Join(dir, fmt.Sprint(i, name)) }
	for i, c := range corpus.Cases() { // all of them first: a young file is waited for
		for name, compress := range splitForms {
			writeFile(t, path(i, name), membersOf(t, []byte(c.Input), compress))
		}
	}
	for i, c := range corpus.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			for name := range splitForms {
				want := countFile(t, path(i, name), engine.Config{}, &ranges)
				for _, size := range []int64{1, 5, 40} {
					got := countFile(t, path(i, name), engine.Config{Jobs: 3, RangeSize: size}, &ranges)
					if got != want {
						t.Errorf("%s in ranges of %d bytes: got %s, want %s", name, size, got, want)
					}
					tried++
				}
			}
		})
	}
	proof.Cases(t, "splits-files", tried)
	if n := ranges.Load(); n < 5000 {
		t.Errorf("%d ranges were opened: the files are not split", n)
	}
}

// rangesCounted is a file that counts the ranges that are opened.
type rangesCounted struct {
	*sources.File
	ranges *atomic.Int64
}

func (f rangesCounted) OpenRange(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	f.ranges.Add(1)
	return f.File.OpenRange(ctx, from, to)
}

// membersOf compresses pieces of text one by one.
func membersOf(t *testing.T, text []byte, compress func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	if compress == nil {
		return text
	}
	var b bytes.Buffer
	for piece := range slices.Chunk(text, max(7, len(text)/20)) {
		z := compress(&b)
		if _, err := z.Write(piece); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// countFile returns all that a run reports of a file, as text.
func countFile(t *testing.T, path string, cfg engine.Config, ranges *atomic.Int64) string {
	t.Helper()
	f, err := sources.NewFile(path, sources.LocalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := engine.Run(t.Context(), []engine.Part{rangesCounted{f, ranges}}, cfg)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%q %v %v %v %+v", r.Keys, r.Groups, r.Counts, r.Bytes, r.Parts)
}
