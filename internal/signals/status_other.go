//go:build !unix

package signals

import "os"

// statusSignals is empty: there is no signal for it here.
var statusSignals []os.Signal
