//go:build !linux

package resources

// SystemLimits returns nil, because the limits of other systems are unknown.
func SystemLimits() []MemoryLimit { return nil }
