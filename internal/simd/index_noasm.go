//go:build (!amd64 && !arm64) || purego

package simd

// native is the kernel for this processor; there is none in this build.
var native = Kernel{Name: "native"}
