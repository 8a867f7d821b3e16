package outfile

import (
	"compress/gzip"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Suffixes of files that are compressed.
const (
	gzipSuffix = ".gz"
	zstdSuffix = ".zst"
)

// nopCloser is a writer whose bytes are not changed.
type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// compressor returns a writer that compresses what is written to a file with
// this name, as its suffix requires. Closing it completes the compressed data
// and leaves w open. Equal input gives equal output, because no time is stored.
func compressor(w io.Writer, file string) (io.WriteCloser, error) {
	switch name := strings.ToLower(file); {
	case strings.HasSuffix(name, gzipSuffix):
		return gzip.NewWriter(w), nil
	case strings.HasSuffix(name, zstdSuffix):
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nopCloser{w}, nil
}
