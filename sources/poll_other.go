//go:build !unix

package sources

import (
	"os"
	"time"
)

const (
	canPoll  = false
	nonblock = 0
)

func setBlocking(*os.File) error { return nil }

func readable(*os.File, time.Duration) bool { return true }
