package checkpoint

import (
	"errors"
	"os"

	"github.com/gofrs/flock"
)

// lock locks a file of the directory, which it creates if it does not exist.
// The lock is released by Close, and when the process ends, even if it is
// killed. The error matches ErrLocked if another process holds the lock,
// ErrNotPrivate, or errors.ErrUnsupported if the file system has no locks.
func lock(path string) (*flock.Flock, error) {
	l := flock.New(path, flock.SetFlag(os.O_RDWR|os.O_CREATE|noFollow))
	locked, err := l.TryLock()
	if err != nil {
		if _, ok := errors.AsType[*os.PathError](err); !ok {
			err = &os.PathError{Op: "lock", Path: path, Err: err}
		}
		return nil, checkOpened(path, err)
	}
	info, err := l.Stat()
	if err == nil {
		err = checkFile(path, info)
	}
	if err == nil && !locked {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
