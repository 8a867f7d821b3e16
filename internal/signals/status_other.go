//go:build !unix

package signals

import "os"

// statusSignals is empty: such systems have no signal for it.
var statusSignals []os.Signal
