package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ErrNotPrivate is matched by the error for a directory or file that another
// user could change, or that is not where it seems to be.
var ErrNotPrivate = errors.New("other users could change the checkpoint")

// checkPrivate returns an error that matches ErrNotPrivate unless a directory
// or file belongs to the user of this process, root included, and nobody else
// can write to it.
func checkPrivate(path string, info fs.FileInfo) error {
	if mode := info.Mode(); canTell && mode.Perm()&0o022 != 0 {
		return fmt.Errorf("%w: %s: mode is %v", ErrNotPrivate, path, mode)
	}
	if owner, user := ownerOf(info), os.Geteuid(); owner != user {
		return fmt.Errorf("%w: %s: owned by user %d, not by user %d", ErrNotPrivate, path, owner, user)
	}
	return nil
}

// openPrivate opens a file of the directory, which must be a regular file that
// nobody else can change. It does not follow a symbolic link.
func openPrivate(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|noFollow, 0o600)
	if err != nil {
		if info, e := os.Lstat(path); e == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil, fmt.Errorf("%w: %s: symbolic link", ErrNotPrivate, path)
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s: not a regular file", ErrNotPrivate, path)
	}
	if err == nil {
		err = checkPrivate(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// readPrivate returns the content of a file that openPrivate opens.
func readPrivate(path string) (data []byte, err error) {
	f, err := openPrivate(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(f)
}
