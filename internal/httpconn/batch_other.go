//go:build !linux

package httpconn

import (
	"errors"
	"syscall"
)

func setBatch(syscall.RawConn, int) error { return errors.ErrUnsupported }
