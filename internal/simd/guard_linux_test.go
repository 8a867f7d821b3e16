package simd_test

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"fastcount/internal/simd"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
)

// arena is memory between two inaccessible pages:
//
//	no access | size bytes, whole pages | no access
//
// The race detector and the address sanitizer do not instrument assembly, but
// an access outside the arena faults.
type arena []byte

func newArena(t *testing.T, atLeast int) arena {
	t.Helper()
	page := syscall.Getpagesize()
	size := (atLeast + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{all[:page], all[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return arena(all[page : page+size : page+size])
}

// place copies s to offset at and fills the rest of the arena with quotes. A
// kernel that reads one of them reports a quote that is not in s.
func (a arena) place(s string, at int) []byte {
	copy(a, bytes.Repeat([]byte{'"'}, len(a)))
	copy(a[at:], s)
	return a[at : at+len(s) : at+len(s)]
}

// entries returns the arena as a slice of offsets, filled with canaries.
func (a arena) entries() []uint32 {
	e := unsafe.Slice((*uint32)(unsafe.Pointer(&a[0])), len(a)/4)
	for i := range e {
		e[i] = canary
	}
	return e
}

const canary = 0xdeadbeef

// faults returns the value with which f panics, including for a memory fault,
// or nil if f returns.
func faults(f func()) (fault any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { fault = recover() }()
	f()
	return nil
}

// The tests below depend on accesses outside an arena being detected.
func TestGuardPagesFault(t *testing.T) {
	a := newArena(t, 1)
	after := unsafe.Add(unsafe.Pointer(unsafe.SliceData(a)), len(a))
	before := unsafe.Add(unsafe.Pointer(unsafe.SliceData(a)), -1)
	var sum byte
	if faults(func() { sum += *(*byte)(after) }) == nil || faults(func() { sum += *(*byte)(before) }) == nil {
		t.Fatal("a read outside the arena succeeded", sum)
	}
	if faults(func() { *(*byte)(after) = 1 }) == nil || faults(func() { *(*byte)(before) = 1 }) == nil {
		t.Fatal("a write outside the arena succeeded")
	}
	if fault := faults(func() { sum += a[0] + a[len(a)-1] }); fault != nil {
		t.Fatal(fault)
	}
}

// guardedTexts returns texts of n bytes: with few field ends, with the largest
// number of them, with carriage returns at all boundaries, and with a quote as
// the last byte.
func guardedTexts(n int) []string {
	return []string{
		strings.Repeat("S001,2024-01-01,heart_rate,72\n", 11)[:n],
		strings.Repeat(",\n", 151)[:n],
		strings.Repeat("a,\r\n\r", 61)[:n],
		strings.Repeat("-", max(n, 1)-1) + `"`[:min(n, 1)],
	}
}

// Kernels access nothing outside their arguments, for every length up to 300 at
// every alignment within a group. The data ends 0 to 63 bytes before an
// inaccessible page, or begins 0 to 63 bytes after one, and dst ends at or
// begins after one.
func TestAccessesStayInBounds(t *testing.T) {
	const longest, alignments = 300, 64
	gaps, tried := proof.Bound(3, alignments), 0
	data := newArena(t, longest+alignments)
	array := newArena(t, 4*(longest+simd.Slack+1))
	eachKernel(t, func(t *testing.T, k simd.Kernel) {
		for n := range longest + 1 {
			for i, text := range guardedTexts(n) {
				want := oracle.Index([]byte(text), ',')
				for gap := range gaps {
					what := fmt.Sprintf("text %d, %d bytes, gap %d", i, n, gap)
					entries := array.entries()
					end := len(entries) - n - simd.Slack
					guarded(t, k, what+" before the end", data.place(text, len(data)-n-gap), entries[end:], want)
					intact(t, k, what, entries[:end])
					entries = array.entries()
					guarded(t, k, what+" after the beginning", data.place(text, gap), entries[:n+simd.Slack:n+simd.Slack], want)
					intact(t, k, what, entries[n+simd.Slack:])
					if k.Name == "generic" {
						tried += 2
					}
				}
			}
		}
	})
	proof.Cases(t, "kernels-guarded", tried)
}

// guarded runs a kernel on memory in arenas and compares its result.
func guarded(t *testing.T, k simd.Kernel, what string, b []byte, dst []uint32, want oracle.Separators) {
	t.Helper()
	var m simd.Marks
	if fault := faults(func() { m = k.Index(dst, b, ',') }); fault != nil {
		t.Fatalf("%s: %s: %v", k.Name, what, fault)
	}
	if m.Quote && want.Quote {
		return
	}
	got := simd.Marks{Offsets: len(want.Offsets), Newlines: want.Newlines, Quote: want.Quote, CR: want.CR, LoneCR: want.LoneCR}
	if m != got || !slices.Equal(dst[:m.Offsets], want.Offsets) {
		t.Fatalf("%s: %s: got %+v and %d, want %+v", k.Name, what, m, dst[:m.Offsets], want)
	}
}

// intact checks that no canary was overwritten.
func intact(t *testing.T, k simd.Kernel, what string, canaries []uint32) {
	t.Helper()
	if i := slices.IndexFunc(canaries, func(c uint32) bool { return c != canary }); i >= 0 {
		t.Fatalf("%s: %s: wrote outside dst, canary %d of %d", k.Name, what, i, len(canaries))
	}
}
