// Package atomicfile writes files that are complete or not there: to a temporary name in the same folder, synced, closed,
// renamed, and the folder synced.
package atomicfile

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
	SyncDir(folder string) error
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

// SyncDir makes the names in a folder last through a power failure. Windows, and file systems that say so, have
// no such operation; there it is no failure.
func (OS) SyncDir(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return syncDir(f)
}

// syncDir syncs an open directory and closes it.
func syncDir(dir interface {
	Sync() error
	Close() error
}) error {
	err := dir.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}

// Write makes the file at path, or replaces it, with what fill writes, in mode 0600. If it returns nil, the file will
// outlive a power failure. If it returns an error, the file is as it was and no temporary file is left, with two
// exceptions, which the error states: a temporary file may resist removal, and the file may be in place but its folder
// not synced.
func Write(files Files, path string, fill func(io.Writer) error) error {
	f, err := files.CreateTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	return finish(files, f, path, fill(f))
}

// finish completes the temporary file f and gives it the name path. If err is
// not nil, or anything fails before the file has its name, f is removed.
func finish(files Files, f File, path string, err error) error {
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = files.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, removeTemp(files, f.Name()))
	}
	if err := files.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("%s is complete, but its directory could not be synced: %w", path, err)
	}
	return nil
}

func removeTemp(files Files, name string) error {
	if err := files.Remove(name); err != nil {
		return fmt.Errorf("a temporary file is left: %w", err)
	}
	return nil
}
