//go:build (!amd64 && !arm64) || purego

package simd

// native is empty: this build has no kernel in assembly.
var native []Kernel
