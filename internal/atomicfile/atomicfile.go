// Package atomicfile writes files that are complete or absent.
//
// A file is written under a temporary name in the directory of its target,
// synced and closed; then it is renamed, and the directory is synced. A reader
// finds the old file or the new one, never a part of either, also after the
// process was killed or the power failed.
//
// [Write] and [Replace] write one file. [Create] returns a [Pending], which
// separates the steps, so that several files are written before the first of
// them gets its name. [Claims] detects that two uses of a run are of one file.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// Files are the operations on files that this package uses. Tests replace them
// to make each of them fail.
type Files interface {
	// CreateTemp creates a file with mode 0600 and a name that TempPattern
	// matches.
	CreateTemp(dir string) (File, error)

	// OpenDirect opens a device or FIFO for writing. It neither creates nor
	// truncates.
	OpenDirect(name string) (File, error)

	Lstat(name string) (fs.FileInfo, error)
	Rename(from, to string) error
	Remove(name string) error

	// SyncDir makes the names in a directory survive a power failure.
	SyncDir(dir string) error
}

// File is an open file. An [os.File] implements it.
type File interface {
	io.WriteCloser
	Name() string
	Chmod(mode fs.FileMode) error
	Sync() error
}

// TempPattern matches the names of temporary files, as filepath.Match does. A
// process that is killed may leave such files.
const TempPattern = ".fastcount-*.tmp"

// tempMode is the mode of temporary files.
const tempMode fs.FileMode = 0o600

// OS implements [Files] with the file system of the machine.
type OS struct{}

// CreateTemp implements [Files].
func (OS) CreateTemp(dir string) (File, error) { return opened(os.CreateTemp(dir, TempPattern)) }

// OpenDirect implements [Files].
func (OS) OpenDirect(name string) (File, error) { return opened(os.OpenFile(name, os.O_WRONLY, 0)) }

// opened returns f as a File, and nil after an error, rather than a File that
// holds a nil pointer.
func opened(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Lstat implements [Files].
func (OS) Lstat(name string) (fs.FileInfo, error) { return os.Lstat(name) }

// Rename implements [Files].
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements [Files].
func (OS) Remove(name string) error { return os.Remove(name) }

// SyncDir implements [Files]. Windows and some file systems have no such
// operation; there it does nothing.
func (OS) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
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
