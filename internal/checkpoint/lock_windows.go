package checkpoint

import (
	"os"
	"syscall"
)

// sharingViolation is ERROR_SHARING_VIOLATION, the error for a file that is
// open and not shared.
const sharingViolation = syscall.Errno(32)

// lock opens a file, which is made if it is missing, so that no other process
// can open it. That ends when the file is closed or the process ends, however
// it ends.
func lock(name string) (*os.File, error) {
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	const unshared = 0
	handle, err := syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, unshared, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL|syscall.FILE_FLAG_OPEN_REPARSE_POINT, 0) // no link is followed
	switch {
	case err == sharingViolation:
		return nil, ErrLocked
	case err != nil:
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(handle), name), nil
}
