//go:build !linux

package resources

// SystemLimits returns nil: which limits the system sets is not known here.
func SystemLimits() []MemoryLimit { return nil }
