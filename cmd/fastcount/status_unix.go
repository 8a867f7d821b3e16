//go:build unix

package main

import (
	"os"
	"syscall"
)

// statusSignals ask for a line that says how far the run has come.
var statusSignals = []os.Signal{syscall.SIGUSR1}
