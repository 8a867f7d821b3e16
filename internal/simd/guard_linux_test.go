package simd_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"fastcount/internal/simd"
	"fastcount/internal/testing/guarded"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
)

// arena is memory of package guarded.
type arena []byte

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
	data := arena(guarded.Memory(t, longest+alignments))
	array := arena(guarded.Memory(t, 4*(longest+simd.Slack+1)))
	eachKernel(t, func(t *testing.T, k simd.Kernel) {
		for n := range longest + 1 {
			for i, text := range guardedTexts(n) {
				want := oracle.Index([]byte(text), ',')
				for gap := range gaps {
					what := fmt.Sprintf("text %d, %d bytes, gap %d", i, n, gap)
					entries := array.entries()
					end := len(entries) - n - simd.Slack
					checkGuarded(t, k, what+" before the end", data.place(text, len(data)-n-gap), entries[end:], want)
					intact(t, k, what, entries[:end])
					entries = array.entries()
					checkGuarded(t, k, what+" after the beginning", data.place(text, gap), entries[:n+simd.Slack:n+simd.Slack], want)
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

// checkGuarded runs a kernel on memory in arenas and compares its result.
func checkGuarded(t *testing.T, k simd.Kernel, what string, b []byte, dst []uint32, want oracle.Separators) {
	t.Helper()
	var m simd.Marks
	if fault := guarded.Fault(func() { m = k.Index(dst, b, ',') }); fault != nil {
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
