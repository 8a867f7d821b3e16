// Package simd finds the bytes that give CSV its structure: delimiters, line feeds, quotes and carriage returns.
//
// It knows nothing of records. A kernel is called once for a buffer and writes down where the separators are;
// package parser decides what they mean. Every kernel gives the same answer, bit for bit: index_generic.go
// is the reference, the others are only faster. The build tag purego leaves the reference alone.
package simd

import (
	"fmt"
	"strings"
)

// Slack is how many entries of dst behind the last separator a kernel may overwrite with garbage.
const Slack = 64

// Marks says what an Index call found beside the offsets.
type Marks struct {
	Offsets  int  // offsets written to dst: delimiters and line feeds, in rising order
	Newlines int  // how many of them are line feeds
	Quote    bool // a quote occurs; if so every other member and dst are unspecified
	CR       bool // a carriage return occurs
	LoneCR   bool // a carriage return is followed by a byte of b that is no line feed
}

// Kernel is one implementation of Index for one kind of processor.
type Kernel struct {
	Name      string
	Available bool // this processor and this build can run it

	// Index writes the offset of every comma and every '\n' in b to dst and says what else it met. A carriage
	// return as the last byte of b is not a lone one: what follows it is not known yet.
	// comma is any byte but '"', '\r' and '\n'. b has less than 2^32 bytes and dst at least len(b)+Slack entries.
	// Index allocates nothing and keeps no reference to its arguments.
	Index func(dst []uint32, b []byte, comma byte) Marks
}

// Kernels returns every kernel, the reference first and the fastest last. Tests, fuzz targets and benchmarks walk
// all of them and skip by name those that are not available.
func Kernels() []Kernel {
	return []Kernel{{Name: "generic", Available: true, Index: indexGeneric}, native}
}

// Best returns the fastest kernel that is available.
func Best() Kernel {
	best := Kernels()[0]
	for _, k := range Kernels() {
		if k.Available {
			best = k
		}
	}
	return best
}

// ByName returns the kernel of that name, exactly as it stands in Kernel.Name. A name that is unknown, or whose kernel
// this processor or this build cannot run, is an error that lists those that can be had.
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
	return Kernel{}, fmt.Errorf("no kernel %q here: there are %s", name, strings.Join(names, ", "))
}
