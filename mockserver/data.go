package mockserver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// fileName returns the name under which download number i, from 0, of n is kept. Names sort as downloads do.
func fileName(i, n int, id string) string {
	width := max(2, len(fmt.Sprint(n-1)))
	return fmt.Sprintf("%0*d_%s.csv", width, i, id)
}

// onDisk returns those exports all of whose files are in dir, with the files in place of their bodies. That there is
// none at all is an error.
func onDisk(exports []Export, dir string) ([]Export, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	var found []Export
	for _, e := range exports {
		for _, folder := range []string{dir, filepath.Join(dir, e.ID)} {
			downloads, err := filesOf(e.Downloads, folder)
			if err != nil {
				return nil, err
			}
			if downloads != nil {
				found = append(found, Export{ID: e.ID, Downloads: downloads})
				break
			}
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%s holds no export whose files are all there", dir)
	}
	return found, nil
}

// filesOf returns the downloads with their files in dir, or nil where one is missing or no regular file.
func filesOf(downloads []Download, dir string) ([]Download, error) {
	downloads = slices.Clone(downloads)
	for i := range downloads {
		d := &downloads[i]
		d.file = filepath.Join(dir, fileName(i, len(downloads), d.ID))
		info, err := os.Stat(d.file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, nil
		}
	}
	return downloads, nil
}

// copyFile writes the first size bytes of a file to w; fewer are an error. A network connection behind w takes them
// from the kernel's cache without a copy through this process.
func copyFile(w io.Writer, name string, size int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() // was only read
	_, err = io.CopyN(w, f, size)
	return err
}
