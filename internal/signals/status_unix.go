//go:build unix

package signals

import (
	"os"
	"syscall"
)

// statusSignals request a line about how far the run has come.
var statusSignals = []os.Signal{syscall.SIGUSR1}
