//go:build (!amd64 && !arm64) || purego

package simd

// native is a placeholder: this build has no kernel in assembly.
var native = Kernel{Name: "native"}
