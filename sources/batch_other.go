//go:build !linux

package sources

import (
	"errors"
	"syscall"
)

func setBatch(syscall.RawConn, int) error { return errors.ErrUnsupported }
