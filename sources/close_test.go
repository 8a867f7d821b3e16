package sources

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"fastcount/engine"
	"fastcount/internal/testing/descriptors"
)

// Every use of a file closes it, whether it succeeds or fails.
func TestFilesAreClosed(t *testing.T) { synctest.Test(t, testFilesAreClosed) }

func testFilesAreClosed(t *testing.T) {
	dir := t.TempDir()
	members, begins := memberFile(gz, t, []string{csvText, csvText})
	small := []byte(csvText)
	for name, data := range map[string][]byte{
		"a.csv": small, "a.gz": gz(t, csvText), "a.zst": zst(t, csvText), "cut.gz": gz(t, csvText)[:20],
		"members.gz": members, "none": nil, "window.zst": bigWindow,
	} {
		write(t, filepath.Join(dir, name), data)
	}
	descriptors.Check(t)
	for _, name := range []string{"a.csv", "a.gz", "a.zst", "cut.gz", "members.gz", "none", "window.zst"} {
		f := newFile(t, filepath.Join(dir, name))
		_, _ = readPart(t, f) // some fail
		_, err := f.Digest(t.Context())
		check(t, err)
		if s, err := f.OpenRange(t.Context(), 0, min(begins[1], f.found.Size())); err == nil {
			_, _ = io.Copy(io.Discard, s)
			check(t, s.Close())
		}
		_, err = f.Boundary(t.Context(), 1)
		check(t, err)
		_, err = EqualContent(t.Context(), []engine.Part{f, f}, nil)
		check(t, err)
		check(t, f.check())

		write(t, f.path, append(bytes.Clone(small), "x"...)) // so that every attempt fails
		for _, open := range []func() error{
			func() error { _, err := f.Open(t.Context()); return err },
			func() error { _, err := f.OpenRange(t.Context(), 0, 1); return err },
			func() error { _, err := f.Digest(t.Context()); return err },
		} {
			if open() == nil {
				t.Errorf("%s: it was opened", name)
			}
		}
	}
	tiny, err := NewFile(write(t, filepath.Join(dir, "tiny.zst"), zst(t, csvText)), LocalOptions{MaxWindow: 1})
	check(t, err)
	if _, err := tiny.Open(t.Context()); err == nil {
		t.Error("opened with an impossible window")
	}
	if _, err := tiny.OpenRange(t.Context(), 0, tiny.found.Size()); err == nil {
		t.Error("opened with an impossible window")
	}
	if _, err := readPart(t, newFile(t, os.DevNull)); err != nil {
		t.Error(err)
	}
}

// The digest is of the size and of the first and last 64 KiB.
func TestDigest(t *testing.T) { synctest.Test(t, testDigest) }

func testDigest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, endSize - 1, endSize, endSize + 1, 2*endSize - 1, 2 * endSize, 2*endSize + 1, 3 * endSize} {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		of := func(data []byte) string {
			digest, err := newFile(t, tempFile(t, "a", data)).Digest(t.Context())
			check(t, err)
			return digest
		}
		first := of(data)
		if len(first) != 64 || of(data) != first || of(append(bytes.Clone(data), 0)) == first {
			t.Errorf("size %d: got %s", size, first)
		}
		for _, at := range []int{0, size / 2, endSize - 1, endSize, size - endSize - 1, size - endSize, size - 1} {
			if at < 0 || at >= size {
				continue
			}
			changed := bytes.Clone(data)
			changed[at] ^= 1
			if seen := at < endSize || at >= size-endSize; (of(changed) != first) != seen {
				t.Errorf("size %d: byte %d is in the digest: %v", size, at, !seen)
			}
		}
	}
	const empty = "9a271f2a916b0b6ee6cecb2426f0b3206ef074578be55d9bc94f6f3fe3ab86aa" // printf '0\n' | sha256sum
	if got, err := newFile(t, tempFile(t, "a", nil)).Digest(t.Context()); got != empty || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}
