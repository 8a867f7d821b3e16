package fuzz

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"fastcount/engine"
	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/proof"
	"fastcount/sources"
)

// forms are the forms of files that hold the same CSV.
var forms = map[string]func(io.Writer, []byte) error{
	"a.csv": func(w io.Writer, text []byte) error { return writeAll(w, text) },
	"a.gz": func(w io.Writer, text []byte) error {
		z := gzip.NewWriter(w)
		return errors.Join(writeAll(z, text), z.Close())
	},
	"a.zst": func(w io.Writer, text []byte) error {
		z, err := zstd.NewWriter(w)
		return errors.Join(err, writeAll(z, text), z.Close())
	},
	"stored.zip":   func(w io.Writer, text []byte) error { return archiveOf(w, text, zip.Store) },
	"deflated.zip": func(w io.Writer, text []byte) error { return archiveOf(w, text, zip.Deflate) },
}

func writeAll(w io.Writer, text []byte) error {
	_, err := w.Write(text)
	return err
}

// archiveOf writes an archive of two members, one of which is counted.
func archiveOf(w io.Writer, text []byte, method uint16) error {
	z := zip.NewWriter(w)
	for name, data := range map[string][]byte{"a.csv": text, "README": []byte("other")} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			return err
		}
		if err := writeAll(f, data); err != nil {
			return err
		}
	}
	return z.Close()
}

// Every case of the corpus gives the same counts or the same error in every
// form of a file, from standard input, and through a command.
func TestForms(t *testing.T) {
	tried, dir := 0, t.TempDir()
	path := func(i int, name string) string { return filepath.Join(dir, fmt.Sprint(i), name) }
	for i, c := range corpus.Cases() { // all of them first: a young file is waited for
		if err := os.Mkdir(filepath.Join(dir, fmt.Sprint(i)), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, form := range forms {
			var b bytes.Buffer
			if err := form(&b, []byte(c.Input)); err != nil {
				t.Fatal(err)
			}
			writeFile(t, path(i, name), b.Bytes())
		}
	}
	_, noCat := exec.LookPath("cat")
	for i, c := range corpus.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			want := countPart(t, sources.NewStdin(bytes.NewReader([]byte(c.Input)), sources.LocalOptions{}))
			for name := range forms {
				if got := countPart(t, onlyPart(t, path(i, name), sources.LocalOptions{})); got != want {
					t.Errorf("%s: got %s, want %s", name, got, want)
				}
				tried++
			}
			if noCat != nil {
				return
			}
			if got := countPart(t, onlyPart(t, path(i, "a.csv"), sources.LocalOptions{Pre: "cat"})); got != want {
				t.Errorf("through a command: got %s, want %s", got, want)
			}
			tried++
		})
	}
	proof.Cases(t, "forms", tried)
}

// onlyPart returns the part that is a file, or the member of an archive.
func onlyPart(t *testing.T, path string, o sources.LocalOptions) engine.Part {
	t.Helper()
	found, err := sources.Resolve([]string{path}, nil, o)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	return found[0].Part
}

// countPart returns the counts of a part, or why it failed.
func countPart(t *testing.T, part engine.Part) string {
	t.Helper()
	r, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{})
	if failed := engine.Failures(err); failed != nil {
		return failed[0].Err.Error()
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%q %v %v %d rows, %d bytes", r.Keys, r.Groups, r.Counts, r.Rows, r.Bytes)
}
