//go:build !unix

package main

import "os"

// statusSignals would ask for a line that says how far the run has come; there are none here.
var statusSignals []os.Signal
