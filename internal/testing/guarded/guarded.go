// Package guarded provides memory between inaccessible pages, on Linux. The
// race detector and the address sanitizer do not instrument assembly, but an
// access outside such memory faults.
package guarded

import "runtime/debug"

// Fault returns the value with which f panics, including for a memory fault, or
// nil if f returns.
func Fault(f func()) (fault any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { fault = recover() }()
	f()
	return nil
}
