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

	"fastcount/internal/oracle"
	"fastcount/internal/simd"
	"fastcount/internal/testing/proof"
)

// arena is memory between two pages that nobody may touch:
//
//	no access | size bytes, whole pages | no access
//
// Assembly is not instrumented by -race or -asan; here a byte too far is a fault all the same.
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

// place copies s to offset at and fills all the rest with quotes: a kernel that looks at one of them and does not
// fault reports a quote that is not there.
func (a arena) place(s string, at int) []byte {
	copy(a, bytes.Repeat([]byte{'"'}, len(a)))
	copy(a[at:], s)
	return a[at : at+len(s) : at+len(s)]
}

// entries is the arena as an array for offsets, filled with canaries.
func (a arena) entries() []uint32 {
	e := unsafe.Slice((*uint32)(unsafe.Pointer(&a[0])), len(a)/4)
	for i := range e {
		e[i] = canary
	}
	return e
}

const canary = 0xdeadbeef

// faults returns what f panics with, also if it touches memory that it must not, and nil if it returns.
func faults(f func()) (fault any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { fault = recover() }()
	f()
	return nil
}

// The tests below prove nothing unless this one holds.
func TestGuardPagesFault(t *testing.T) {
	a := newArena(t, 1)
	behind := unsafe.Add(unsafe.Pointer(unsafe.SliceData(a)), len(a))
	before := unsafe.Add(unsafe.Pointer(unsafe.SliceData(a)), -1)
	var sum byte
	if faults(func() { sum += *(*byte)(behind) }) == nil || faults(func() { sum += *(*byte)(before) }) == nil {
		t.Fatal("a read outside went through", sum)
	}
	if faults(func() { *(*byte)(behind) = 1 }) == nil || faults(func() { *(*byte)(before) = 1 }) == nil {
		t.Fatal("a write outside went through")
	}
	if fault := faults(func() { sum += a[0] + a[len(a)-1] }); fault != nil {
		t.Fatal(fault)
	}
}

// guardedTexts returns texts of n bytes that have in turn few separators, as many as can be, carriage returns on all
// edges, and a quote as the last byte.
func guardedTexts(n int) []string {
	return []string{
		strings.Repeat("S001,2024-01-01,heart_rate,72\n", 11)[:n],
		strings.Repeat(",\n", 151)[:n],
		strings.Repeat("a,\r\n\r", 61)[:n],
		strings.Repeat("-", max(n, 1)-1) + `"`[:min(n, 1)],
	}
}

// Every length up to 300 at every alignment within a group: the data ends 0 to 63 bytes before a page without
// access, or begins 0 to 63 bytes behind one, and the array of offsets lies flush with one in the same way.
func TestNothingIsTouchedOutside(t *testing.T) {
	const longest, alignments = 300, 64
	tried := proof.Begin(t, "kernels-guarded")
	data := newArena(t, longest+alignments)
	array := newArena(t, 4*(longest+simd.Slack+1))
	eachKernel(t, func(t *testing.T, k simd.Kernel) {
		for n := range longest + 1 {
			for i, text := range guardedTexts(n) {
				want := oracle.Index([]byte(text), ',')
				for gap := range alignments {
					if gap > 2 && testing.Short() {
						break
					}
					what := fmt.Sprintf("text %d, %d bytes, gap %d", i, n, gap)
					entries := array.entries()
					end := len(entries) - n - simd.Slack
					guarded(t, k, what+" before the end", data.place(text, len(data)-n-gap), entries[end:], want)
					intact(t, k, what, entries[:end])
					entries = array.entries()
					guarded(t, k, what+" behind the beginning", data.place(text, gap), entries[:n+simd.Slack:n+simd.Slack], want)
					intact(t, k, what, entries[n+simd.Slack:])
					if k.Name == "generic" {
						tried.Add(2)
					}
				}
			}
		}
	})
}

// guarded runs a kernel on memory that lies in arenas and compares what it says.
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

// intact looks whether all canaries are alive.
func intact(t *testing.T, k simd.Kernel, what string, canaries []uint32) {
	t.Helper()
	if i := slices.IndexFunc(canaries, func(c uint32) bool { return c != canary }); i >= 0 {
		t.Fatalf("%s: %s: wrote outside dst, canary %d of %d", k.Name, what, i, len(canaries))
	}
}
