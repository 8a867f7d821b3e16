package simd_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"fastcount/internal/simd"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
)

// check compares a kernel with the oracle and checks that it wrote within dst.
func check(t *testing.T, k simd.Kernel, b []byte, delimiter byte) {
	t.Helper()
	const canary = 0xdeadbeef
	size := len(b) + simd.Slack
	dst := slices.Repeat([]uint32{canary}, size+4)
	m := k.Index(dst[:size:size], b, delimiter)
	want := oracle.Index(b, delimiter)
	got := oracle.Separators{Quote: true}
	if !m.Quote {
		got = oracle.Separators{Offsets: dst[:m.Offsets], Newlines: m.Newlines, CR: m.CR, LoneCR: m.LoneCR}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s: %q: %s", k.Name, b, diff)
	}
	if slices.IndexFunc(dst[size:], func(c uint32) bool { return c != canary }) >= 0 {
		t.Fatalf("%s: wrote after the end of dst", k.Name)
	}
}

func eachKernel(t *testing.T, test func(t *testing.T, k simd.Kernel)) {
	for _, k := range simd.Kernels() {
		t.Run(k.Name, func(t *testing.T) {
			if !k.Available {
				t.Skipf("kernel %s is not available here", k.Name)
			}
			test(t, k)
		})
	}
}

// Strings of up to five structural characters are tested at 130 alignments, so
// that they cross every boundary of words and groups.
func TestEveryShortStringAtEveryAlignment(t *testing.T) {
	const alphabet = "a,\"\r\n\x00"
	longest, tried := proof.Bound(3, 5), 0
	eachKernel(t, func(t *testing.T, k simd.Kernel) {
		buf := []byte(strings.Repeat("-", 130+longest))
		for length := range longest + 1 {
			total := int(math.Pow(float64(len(alphabet)), float64(length)))
			for n := range total {
				for at := range 130 {
					b := buf[:at+length]
					for i, rest := at, n; i < len(b); i++ {
						b[i] = alphabet[rest%len(alphabet)]
						rest /= len(alphabet)
					}
					checkFast(t, k, b)
					if k.Name == "generic" { // the other kernels depend on the machine
						tried++
					}
					copy(b[at:], "-----")
				}
			}
		}
	})
	proof.Cases(t, "kernels-strings", tried)
}

// checkFast is check without allocations.
func checkFast(t *testing.T, k simd.Kernel, b []byte) {
	var dst [256 + simd.Slack]uint32
	got := k.Index(dst[:len(b)+simd.Slack], b, ',')
	var want simd.Marks
	for i, c := range b {
		switch c {
		case '"':
			if !got.Quote {
				t.Fatalf("%s: %q: the quote was not found", k.Name, b)
			}
			return
		case '\n', ',':
			if !got.Quote && dst[want.Offsets] != uint32(i) {
				t.Fatalf("%s: %q: offset %d: got %d, want %d", k.Name, b, want.Offsets, dst[want.Offsets], i)
			}
			want.Offsets++
			if c == '\n' {
				want.Newlines++
			}
		case '\r':
			want.CR = true
			want.LoneCR = want.LoneCR || i+1 < len(b) && b[i+1] != '\n'
		}
	}
	if got != want {
		t.Fatalf("%s: %q: got %+v, want %+v", k.Name, b, got, want)
	}
}

func TestRandomBytesAgree(t *testing.T) {
	eachKernel(t, func(t *testing.T, k simd.Kernel) {
		rng := rand.New(rand.NewPCG(1, 2))
		alphabets := []string{"ab,\n", "abcdefgh,\n\r", ",\n", ",", "\n", "\r\n", "\x00,\n", "-,.\x0b\x09\x0d\x0a\x2b\x2d", "a\"", "\x8a\xac\xa2\x8d,\n"}
		for range 3000 {
			alphabet := alphabets[rng.IntN(len(alphabets))]
			b := make([]byte, rng.IntN(400))
			for i := range b {
				b[i] = alphabet[rng.IntN(len(alphabet))]
			}
			delimiter := []byte{',', '\t', ';', '|', 0}[rng.IntN(5)]
			check(t, k, b, delimiter)
		}
	})
}

// TestKnownPitfalls covers bugs that other implementations had.
func TestKnownPitfalls(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	tests := map[string]string{
		"NUL before field ends in one word":       "\x00,\x00\n,,\n\x00",
		"NUL in every word":                       strings.Repeat("\x00,\x00\n\x00\x00,\n", 17),
		"NUL before a quote":                      x(64) + "\x00\"" + x(70),
		"NUL before a bare CR":                    x(64) + "\x00\r\x00" + x(70),
		"NUL between CR and LF over the boundary": x(63) + "\r\x00\n" + x(70),
		"CR on bit 63, LF in the next group":      x(63) + "\r\nabc\n",
		"CR on bit 63, no LF after it":            x(63) + "\rabc\n",
		"CR on bit 63, CR in the next group":      x(63) + "\r\r\n",
		"CR on bit 63, LF one byte later":         x(63) + "\rx\n" + x(70),
		"CR on bit 63 of both of two groups, LF":  x(63) + "\r\n" + x(62) + "\r\n" + x(70),
		"CR on bit 63 of both, the last one bare": x(63) + "\r\n" + x(62) + "\r" + x(70),
		"CR on bit 63, a whole group after it":    x(63) + "\r\n" + x(126),
		"CR on bit 62, LF on bit 63":              x(62) + "\r\n" + x(64),
		"LF on bit 63, CR on bit 0":               x(63) + "\n\r\n" + x(62),
		"CR as the last byte of the last group":   x(127) + "\r",
		"CR as the last byte":                     "a,b\r",
		"CR as the last byte of a tail":           x(64) + "a,b\r",
		"CR in the tail alone, bare":              x(64) + "a\rb",
		"quote on bit 63":                         x(63) + "\"abc\n",
		"quote on bit 63 of the last group":       x(127) + "\"",
		"quote on bit 0 of the second group":      x(64) + "\"abc\n",
		"quote as the last byte of a tail":        x(64) + "a,b\"",
		"quote on bit 63 after a bare CR":         x(62) + "\r\"" + x(64),
		"delimiters only":                         strings.Repeat(",", 200),
		"more line feeds than eight bits count":   strings.Repeat("\n", 300),
		"more line feeds than sixteen bits count": strings.Repeat("\n", 1<<16+100),
		"byte with the high bit of a comma":       "\xac\xac\xac,\x8a\n",
		"quote and CR with the high bit":          strings.Repeat("\xa2\x8d", 40) + ",\n",
		"byte after a match that borrows":         ",-,-,-\n\x0b\n\x0b",
		"byte after a quote's or CR's neighbour":  strings.Repeat("#!\x0c\x0e", 40),
		"a last row without newline, 63 bytes":    strings.Repeat("a,b\n", 15) + "a,b",
		"a last row without newline, one group":   strings.Repeat("a,b\n", 15) + "a,bc",
		"a tail of one byte":                      x(64) + ",",
		"empty":                                   "",
	}
	eachKernel(t, func(t *testing.T, k simd.Kernel) {
		for name, s := range tests {
			t.Run(name, func(t *testing.T) { check(t, k, []byte(s), ',') })
		}
	})
}

// The delimiter may be any byte except three, including NUL, which pads a short
// group.
func TestEveryDelimiter(t *testing.T) {
	eachKernel(t, func(t *testing.T, k simd.Kernel) {
		b := make([]byte, 0, 3*256)
		for c := range 256 {
			if c != '"' && c != '\r' {
				b = append(b, byte(c), byte(c), '-')
			}
		}
		for c := range 256 {
			if delimiter := byte(c); delimiter != '"' && delimiter != '\r' && delimiter != '\n' {
				check(t, k, b, delimiter)
				check(t, k, b[:1], delimiter)
			}
		}
	})
}

func TestBestIsAvailable(t *testing.T) {
	if k := simd.Best(); !k.Available {
		t.Errorf("Best returned %s, which is not available", k.Name)
	}
}

func TestByName(t *testing.T) {
	eachKernel(t, func(t *testing.T, k simd.Kernel) {
		got, err := simd.ByName(k.Name)
		if err != nil || got.Name != k.Name || !got.Available || got.Index == nil {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestByNameError(t *testing.T) {
	refused := []string{"", "Generic", "generic ", "sse\n"}
	var available []string
	for _, k := range simd.Kernels() {
		if k.Available {
			available = append(available, k.Name)
		} else {
			refused = append(refused, k.Name)
		}
	}
	for _, name := range refused {
		want := fmt.Sprintf("kernel %q: not available (available: %s)", name, strings.Join(available, ", "))
		if k, err := simd.ByName(name); err == nil || err.Error() != want {
			t.Errorf("%q: got %+v, %v, want the error %q", name, k.Name, err, want)
		}
	}
}

func ExampleKernel() {
	dst := make([]uint32, 16+simd.Slack)
	m := simd.Best().Index(dst, []byte("id,type\nP1,bp\n"), ',')
	fmt.Println(dst[:m.Offsets], m.Newlines)
	// Output: [2 7 10 13] 2
}

// Use selects an available kernel, and keeps the current one otherwise.
func TestUse(t *testing.T) {
	best := simd.Current().Name
	if want := simd.Best().Name; best != want {
		t.Fatalf("got kernel %s, want %s", best, want)
	}
	defer simd.Use(best)
	if err := simd.Use("generic"); err != nil || simd.Current().Name != "generic" {
		t.Errorf("got %v, kernel %s", err, simd.Current().Name)
	}
	if err := simd.Use("mmx"); err == nil || simd.Current().Name != "generic" {
		t.Errorf("got %v, kernel %s", err, simd.Current().Name)
	}
}
