// Package simd finds the structural characters of CSV: delimiters, line feeds,
// quotes and carriage returns.
//
// A kernel is one implementation of the scan for one kind of processor. It
// takes a buffer and writes the offsets of its delimiters and line feeds. It
// does not interpret them: records and fields are the concern of package
// parser. All kernels return identical results. The generic kernel is the
// reference implementation, and the only one with the build tag purego.
package simd

import (
	"fmt"
	"strings"
)

// Slack is the number of entries of dst, after the last offset, that a kernel
// may overwrite with arbitrary values.
const Slack = 64

// Marks is what a kernel found in a buffer, in addition to the offsets.
type Marks struct {
	Offsets  int  // number of offsets written to dst, in increasing order
	Newlines int  // number of line feeds
	Quote    bool // there is a quote; then dst and the other fields are unspecified
	CR       bool // there is a carriage return
	LoneCR   bool // a carriage return is followed by a byte other than a line feed
}

// Kernel is an implementation of the scan.
type Kernel struct {
	Name      string
	Available bool // reports whether this processor and this build can run it

	// Index writes the offset of every delimiter and every line feed of b to
	// dst. The delimiter may be any byte except '"', '\r' and '\n'.
	// LoneCR does not report a carriage return that is the last byte of b,
	// because the byte that follows it is not known.
	//
	// b must be shorter than 2^32 bytes, and dst must have at least
	// len(b)+Slack entries. Index does not allocate and does not retain its
	// arguments.
	Index func(dst []uint32, b []byte, delimiter byte) Marks
}

// Kernels returns all kernels: first the reference implementation, last the
// fastest. Kernels that are not available are included, so that tests and
// benchmarks can report which ones they skip.
func Kernels() []Kernel {
	return append([]Kernel{{Name: "generic", Available: true, Index: indexGeneric}}, native...)
}

// Best returns the fastest available kernel.
func Best() Kernel {
	best := Kernels()[0]
	for _, k := range Kernels() {
		if k.Available {
			best = k
		}
	}
	return best
}

// current is the kernel in use.
var current = Best()

// Current returns the kernel in use: the fastest available one, unless Use has
// selected another.
func Current() Kernel { return current }

// Use selects the kernel with the given name for the whole process. It must not
// be called while a scan is in progress. It is intended for tests of one kernel
// on a processor that has a faster one; all kernels return identical results.
func Use(name string) error {
	k, err := ByName(name)
	if err == nil {
		current = k
	}
	return err
}

// ByName returns the kernel whose Name is name. If no available kernel
// has that name, the error lists the available kernels.
func ByName(name string) (Kernel, error) {
	var names []string
	for _, k := range Kernels() {
		if !k.Available {
			continue
		}
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kernel{}, fmt.Errorf("kernel %q: not available (available: %s)", name, strings.Join(names, ", "))
}
