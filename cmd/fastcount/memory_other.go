//go:build !linux

package main

// systemLimits returns nil: which limits the system sets is not known here.
func systemLimits() []memoryLimit { return nil }
