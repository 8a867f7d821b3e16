package fuzz

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"testing"

	kflate "github.com/klauspost/compress/flate"

	"fastcount/internal/inflate"
)

// FuzzInflate compares the decoder with compress/flate and klauspost/compress,
// for the data followed by copies of it, so that the fast loop is reached. The
// source returns size bytes at a time.
func FuzzInflate(f *testing.F) {
	for level := -2; level <= 9; level++ {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, level)
		if err != nil {
			f.Fatal(err)
		}
		for _, text := range []string{"S001,2025-08-26T00:00:02.760570Z,spo2,97\n", "S001,2025-08-26T00:00:04.267958Z,heart_rate,90\n"} {
			if _, err := w.Write(bytes.Repeat([]byte(text), 9)); err != nil {
				f.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				f.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), uint8(level))
	}
	var in inflate.Input
	var r inflate.Reader
	std, kp := flate.NewReader(nil), kflate.NewReader(nil)
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		const longest = 1 << 20 // of the output
		data = append(data, data...)
		in.Reset(chunks{bytes.NewReader(data), int(size) + 1})
		r.Reset(&in)
		got, err := io.ReadAll(io.LimitReader(&r, longest))
		want, wantErr := inflated(t, std, data, longest)
		if errors.Is(err, inflate.ErrNoEndOfBlock) {
			if wantErr == nil || !bytes.HasPrefix(want, got) {
				t.Fatalf("%x: got %v, compress/flate accepts it", data, err)
			}
			return
		}
		if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) ||
			errors.Is(err, io.ErrUnexpectedEOF) != errors.Is(wantErr, io.ErrUnexpectedEOF) {
			t.Fatalf("%x: got %d bytes, %v, compress/flate: %d bytes, %v", data, len(got), err, len(want), wantErr)
		}
		want, wantErr = inflated(t, kp, data, longest)
		accepts := wantErr == nil && !errors.Is(err, inflate.ErrInvalidCode) // it accepts some unused codewords
		if (err == nil) != accepts || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%x: got %d bytes, %v, klauspost/compress: %d bytes, %v", data, len(got), err, len(want), wantErr)
		}
	})
}

// inflated decodes data with another package.
func inflated(t *testing.T, r io.Reader, data []byte, longest int64) ([]byte, error) {
	if err := r.(flate.Resetter).Reset(bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	return io.ReadAll(io.LimitReader(r, longest))
}

// chunks reads at most n bytes at a time.
type chunks struct {
	r io.Reader
	n int
}

func (c chunks) Read(p []byte) (int, error) { return c.r.Read(p[:min(len(p), c.n)]) }
