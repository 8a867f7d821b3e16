package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"fastcount/internal/atomicfile"
)

// locate looks up the file of an output and returns an error if it cannot be
// written or replaced.
func locate(out Output) (target, error) {
	t := target{Output: out}
	if t.Sink == nil {
		return t, t.wrap(errors.New("no sink"))
	}
	if t.stdout() {
		return t, nil
	}
	place, err := atomicfile.Locate(t.File)
	t.place = place
	if errors.Is(err, fs.ErrNotExist) {
		return t, t.wrap(fmt.Errorf("cannot use its directory: %w", err))
	}
	if err == nil {
		err = t.check()
	}
	return t, t.wrap(err)
}

func (t target) check() error {
	info := t.place.Info
	switch {
	case info == nil:
		return t.checkNew()
	case info.IsDir():
		return t.isDirectory()
	case info.Mode()&fs.ModeSocket != 0:
		return errors.New("is a socket")
	case info.Mode().IsRegular() && info.Mode().Perm()&0o222 == 0:
		return errors.New("read-only file")
	}
	return t.checkNames()
}

// checkNew returns an error if the directory of a new file is missing, or if
// the file's name can only be that of a directory.
func (t target) checkNew() error {
	if os.IsPathSeparator(t.File[len(t.File)-1]) {
		return t.isDirectory()
	}
	if _, err := os.Stat(filepath.Dir(t.place.Path)); err != nil {
		return fmt.Errorf("cannot use its directory: %w", err)
	}
	return t.checkNames()
}

// checkNames returns an error if the name for an incomplete report is too long.
func (t target) checkNames() error {
	if t.direct() || t.marks() {
		return nil
	}
	if _, err := os.Lstat(t.incompletePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (t target) isDirectory() error {
	return fmt.Errorf("is a directory; name a file in it, such as %s", filepath.Join(t.File, "counts"))
}
