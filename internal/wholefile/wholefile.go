// Package wholefile writes files that are complete or not there: to a temporary name in the same folder, synced, closed,
// renamed, and the folder synced.
package wholefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Files are the operations by which files are written, so that a test can let any of them fail.
type Files interface {
	CreateTemp(folder string) (File, error) // mode 0600, with a name that TempPattern matches
	Rename(from, to string) error
	Remove(name string) error
	SyncFolder(folder string) error
}

// File is what an *os.File can do here.
type File interface {
	io.WriteCloser
	Name() string
	Chmod(mode fs.FileMode) error
	Sync() error
}

// TempPattern matches the names of temporary files, as filepath.Match does. A process that is killed may leave some
// behind.
const TempPattern = ".fastcount-*.tmp"

// OS is the file system of the machine.
type OS struct{}

// Rename implements Files.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements Files.
func (OS) Remove(name string) error { return os.Remove(name) }

// CreateTemp implements Files.
func (OS) CreateTemp(folder string) (File, error) {
	f, err := os.CreateTemp(folder, TempPattern)
	if err != nil {
		return nil, err // rather than a File that holds no file
	}
	return f, nil
}

// SyncFolder makes the names in a folder last through a power failure. Windows, and file systems that say so, have
// no such operation; there it is no failure.
func (OS) SyncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// Write makes the file at path, or replaces it, with what fill writes, in mode 0600. If it returns nil, the file will
// outlive a power failure. If it returns an error, the file is as it was and no temporary file is left, with two
// exceptions, which the error states: a temporary file may resist removal, and the file may be in place but its folder
// not synced.
func Write(files Files, path string, fill func(io.Writer) error) error {
	folder := filepath.Dir(path)
	f, err := files.CreateTemp(folder)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = files.Rename(f.Name(), path)
	}
	if err != nil {
		if left := files.Remove(f.Name()); left != nil {
			err = errors.Join(err, fmt.Errorf("a temporary file is left behind: %w", left))
		}
		return err
	}
	if err := files.SyncFolder(folder); err != nil {
		return fmt.Errorf("%s is complete, but its folder could not be synced: %w", path, err)
	}
	return nil
}
