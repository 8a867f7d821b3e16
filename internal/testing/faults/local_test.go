package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	"fastcount/engine"
	"fastcount/sources"
)

// local is a part of a run that is not a download.
type local struct {
	kind string // of what goes wrong with it; "" if nothing does
	part engine.Part
	want effect
}

// newLocal returns a random local part. Its files are in dir.
func newLocal(r *rand.Rand, p *press, dir string) local {
	if r.IntN(6) == 0 {
		return shrinkingFile(r, dir)
	}
	e := p.encode(codings[[]int{0, 5, 6}[r.IntN(3)]], someTable(r))
	if r.IntN(3) > 0 {
		n := r.IntN(len(e.body))
		input := io.MultiReader(newReader(e.body[:n]), failing{})
		return local{kindBrokenInput, sources.NewStdin(input, sources.LocalOptions{}), fails(final, classOther, syscall.EIO)}
	}
	want := anything(e.data)
	want.raw = len(e.body)
	return local{"", sources.NewStdin(newReader(e.body), sources.LocalOptions{}), want}
}

func someTable(r *rand.Rand) []byte {
	return table(r, r.IntN(20), []string{patientMark + "local", patientMark + "00"}, []string{"bp_sys", "local"})
}

// anything returns the effect of data without declared metadata.
func anything(data []byte) effect {
	counts, err := countAll(data)
	if err != nil {
		return fails(final, classSyntax)
	}
	return effect{data: data, raw: len(data), counts: counts}
}

type failing struct{}

func (failing) Read([]byte) (int, error) {
	return 0, &os.PathError{Op: "read", Path: "input", Err: syscall.EIO}
}

// shrinking is a file that is truncated after it was opened.
type shrinking struct {
	*sources.File
	path string
	size int64
}

func (s shrinking) Open(ctx context.Context) (io.ReadCloser, error) {
	stream, err := s.File.Open(ctx)
	return stream, errors.Join(err, os.Truncate(s.path, s.size))
}

func shrinkingFile(r *rand.Rand, dir string) local {
	data := someTable(r)
	path := filepath.Join(dir, "shrinks.csv")
	must(os.WriteFile(path, data, 0o600))
	file, err := sources.NewFile(path, sources.LocalOptions{})
	must(err)
	size := r.IntN(len(data))
	return local{kindShrinkingFile, shrinking{file, path, int64(size)}, fails(final, classOther, sources.ErrChanged)}
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprint("a test cannot go on: ", err))
	}
}
