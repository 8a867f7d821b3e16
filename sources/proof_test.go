package sources

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"fastcount/engine"
)

// zstFrame returns a frame with or without a checksum.
func zstFrame(t testing.TB, text string, checksum bool, o ...zstd.EOption) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil, append(o, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(checksum), zstd.WithZeroFrames(true))...)
	check(t, err)
	defer e.Close()
	return e.EncodeAll([]byte(text), nil)
}

// TestProofOfCompression requires a checksum in every member or frame, for
// reads of any size.
func TestProofOfCompression(t *testing.T) {
	long := strings.Repeat(csvText, 20_000)
	noise := make([]byte, 300<<10)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	same := strings.Repeat("a", 1<<20) // blocks of one byte that is repeated
	summed := func(text string) []byte { return zstFrame(t, text, true) }
	bare := func(text string) []byte { return zstFrame(t, text, false) }
	tests := []struct {
		name string
		data []byte
		want engine.Proof
	}{
		{"plain", []byte(csvText), engine.ProofNone},
		{"gzip", gz(t, csvText), engine.ProofChecksum},
		{"gzip, members", join(gz(t, csvText), gz(t, ""), gz(t, long)), engine.ProofChecksum},
		{"bzip2", bz(t), engine.ProofChecksum},
		{"bzip2, streams", join(bz(t), longBZ(t)), engine.ProofChecksum},
		{"zstd", summed(csvText), engine.ProofChecksum},
		{"zstd, long", summed(long), engine.ProofChecksum},
		{"zstd, noise", summed(string(noise)), engine.ProofChecksum},
		{"zstd, one byte", summed(same), engine.ProofChecksum},
		{"zstd, nothing, for which the encoder writes no checksum", summed(""), engine.ProofFraming},
		{"zstd, small window", zstFrame(t, long, true, zstd.WithWindowSize(1<<10)), engine.ProofChecksum},
		{"zstd, one segment", zstFrame(t, long, true, zstd.WithSingleSegment(true)), engine.ProofChecksum},
		{"zstd without checksum", bare(csvText), engine.ProofFraming},
		{"zstd without checksum, long", bare(long), engine.ProofFraming},
		{"zstd without checksum, one segment", zstFrame(t, csvText, false, zstd.WithSingleSegment(true)), engine.ProofFraming},
		{"zstd, frames", join(summed(csvText), skippable, summed(string(noise)), summed(long)), engine.ProofChecksum},
		{"zstd, first frame without", join(bare(same), summed(csvText)), engine.ProofFraming},
		{"zstd, middle frame without", join(summed(csvText), skippable, bare(string(noise)), summed(long)), engine.ProofFraming},
		{"zstd, last frame without", join(summed(long), bare("")), engine.ProofFraming},
		{"zstd, skippable frame alone", skippable, engine.ProofNone},
	}
	for _, test := range tests {
		for _, piece := range []int{1, 2, 3, 7, 4096, 1 << 30} {
			if piece < 4 && len(test.data) > 1<<16 {
				continue
			}
			t.Run(fmt.Sprint(test.name, " in pieces of ", piece), func(t *testing.T) {
				s := newStream(&pieces{test.data, piece}, nil)
				check(t, s.decodeSniffed(DefaultFileWindow))
				_, err := drain(s)
				check(t, err)
				if got := s.Info(); got.Proof != test.want || got.Checked != (test.name != "plain") {
					t.Errorf("got %+v", got)
				}
				check(t, s.Close())
			})
		}
	}
}

// pieces returns at most n bytes from each Read.
type pieces struct {
	data []byte
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.n)], p.data)
	p.data = p.data[n:]
	return n, nil
}

// TestProofIsTheStrongest checks that the strongest of several proofs is
// reported.
func TestProofIsTheStrongest(t *testing.T) {
	for _, test := range []struct {
		name string
		data []byte
	}{{"plain", []byte(csvText)}, {"gzip", gz(t, csvText)}, {"zstd", zstFrame(t, csvText, false)}} {
		f := newFile(t, tempFile(t, "x.csv", test.data))
		r, err := engine.Run(t.Context(), []engine.Part{f}, engine.Config{})
		check(t, err)
		if got := r.Parts[0].Verified; got != engine.ProofLength {
			t.Errorf("file, %s: %v", test.name, got)
		}
		r, err = engine.Run(t.Context(), []engine.Part{NewStdin(bytes.NewReader(test.data), LocalOptions{})}, engine.Config{})
		check(t, err)
		want := map[string]engine.Proof{"plain": engine.ProofNone, "gzip": engine.ProofChecksum, "zstd": engine.ProofFraming}[test.name]
		if got := r.Parts[0].Verified; got != want {
			t.Errorf("standard input, %s: %v", test.name, got)
		}
	}
}
