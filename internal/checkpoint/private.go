package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrNotPrivate is matched by the error for a directory or file that another
// user could change, or that is not where it seems to be.
var ErrNotPrivate = errors.New("checkpoint can be changed by other users")

// checkPrivate returns an error that matches ErrNotPrivate unless a directory
// or file belongs to the user of this process, root included, and nobody else
// can write to it.
func checkPrivate(path string, info fs.FileInfo) error {
	if mode := info.Mode(); hasOwners && mode.Perm()&0o022 != 0 {
		return fmt.Errorf("%w: %s: mode is %v", ErrNotPrivate, path, mode)
	}
	if owner, user := ownerOf(info), os.Geteuid(); owner != user {
		return fmt.Errorf("%w: %s: owned by user %d, not by user %d", ErrNotPrivate, path, owner, user)
	}
	return nil
}

// checkFile is checkPrivate for a file, which must be a regular one.
func checkFile(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s: not a regular file", ErrNotPrivate, path)
	}
	return checkPrivate(path, info)
}

// checkOpened returns err, the error of opening a file with noFollow, or one
// that matches ErrNotPrivate if the file is a symbolic link.
func checkOpened(path string, err error) error {
	if info, e := os.Lstat(path); e == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%w: %s: symbolic link", ErrNotPrivate, path)
	}
	return err
}

// openPrivate opens a file of the directory for reading. It must be a regular
// file that nobody else can change. A symbolic link is not followed.
func openPrivate(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, checkOpened(path, err)
	}
	info, err := f.Stat()
	if err == nil {
		err = checkFile(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// readPrivate returns the content of a file that openPrivate opens.
func readPrivate(path string) (data []byte, err error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var text bytes.Buffer
	if info, err := f.Stat(); err == nil {
		text.Grow(int(min(info.Size(), 64<<20)) + bytes.MinRead)
	}
	_, err = text.ReadFrom(f)
	return text.Bytes(), err
}
