package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"fastcount/internal/merge"
)

// writers holds gzip writers, each of which has tables of more than a megabyte.
var writers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails only for invalid levels
	return w
}}

// pack returns the partial result that fill writes, compressed: runners keep
// elements in memory or send them over the network, and sorted pairs compress
// well.
func pack(fill func(io.Writer) error) ([]byte, error) {
	var partial bytes.Buffer
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&partial)
	if err := errors.Join(fill(w), w.Close()); err != nil {
		return nil, err
	}
	return partial.Bytes(), nil
}

// packFile packs the contents of a file.
func packFile(path string) (partial []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return pack(func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}

// unpack writes a packed partial result to a new file.
func unpack(path string, partial []byte) (err error) {
	r, err := gzip.NewReader(bytes.NewReader(partial))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, r)
	return err
}

// withSet writes partial results to a temporary directory, since package merge
// reads all of them at the same time and more than once, and calls f with the
// set and the directory. It holds one packed partial result in memory at a
// time.
func withSet(partials func(*[]byte) bool, f func(set *merge.Set, dir string) error) (err error) {
	dir, err := os.MkdirTemp("", "fastcount-beam-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	paths, err := unpackAll(dir, partials)
	if err != nil {
		return err
	}
	set, err := merge.Open(paths)
	if err != nil {
		return err
	}
	return f(set, dir)
}

// unpackAll unpacks partial results into dir and returns the names of the
// files.
func unpackAll(dir string, partials func(*[]byte) bool) (paths []string, err error) {
	for partial := []byte(nil); partials(&partial); {
		path := filepath.Join(dir, fmt.Sprintf("%d%s", len(paths), merge.Suffix))
		if err := unpack(path, partial); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
