package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fastcount/internal/merge"
)

// pack returns what fill writes, a partial result, compressed: sorted pairs become a small part of what they were, and
// runners keep what flows in memory, or send it from one machine to another.
func pack(fill func(io.Writer) error) ([]byte, error) {
	var table bytes.Buffer
	w, err := gzip.NewWriterLevel(&table, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(fill(w), w.Close()); err != nil {
		return nil, err
	}
	return table.Bytes(), nil
}

// packFile packs a file.
func packFile(path string) (table []byte, err error) {
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

// unpack writes a packed partial result into a new file.
func unpack(path string, table []byte) (err error) {
	r, err := gzip.NewReader(bytes.NewReader(table))
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

// withSet lays partial results down in a temporary folder, for package merge reads them more than once and all at the
// same time, and calls f with them and the folder. The memory taken is that of the largest one, packed.
func withSet(tables func(*[]byte) bool, f func(set *merge.Set, dir string) error) (err error) {
	dir, err := os.MkdirTemp("", "fastcount-beam-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	paths, err := unpackAll(dir, tables)
	if err != nil {
		return err
	}
	set, err := merge.Open(paths)
	if err != nil {
		return err
	}
	return f(set, dir)
}

func unpackAll(dir string, tables func(*[]byte) bool) (paths []string, err error) {
	for table := []byte(nil); tables(&table); {
		path := filepath.Join(dir, fmt.Sprintf("%d%s", len(paths), merge.Suffix))
		if err := unpack(path, table); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
