//go:build !unix

package interrupt

import (
	"os"
	"syscall"
	"time"
)

const (
	canPoll  = false
	nonblock = 0
)

func setBlocking(*os.File) error { return nil }

func readable(syscall.Conn, time.Duration) bool { return true }
