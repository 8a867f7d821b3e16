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

	"fastcount/internal/oracle"
	"fastcount/internal/simd"
)

// check compares a kernel with the oracle and looks whether it wrote where it must not.
func check(t *testing.T, k simd.Kernel, b []byte, comma byte) {
	t.Helper()
	const canary = 0xdeadbeef
	room := len(b) + simd.Slack
	dst := slices.Repeat([]uint32{canary}, room+4)
	m := k.Index(dst[:room:room], b, comma)
	want := oracle.Index(b, comma)
	got := oracle.Separators{Quote: true}
	if !m.Quote {
		got = oracle.Separators{Offsets: dst[:m.Separators], Newlines: m.Newlines, CR: m.CR, LoneCR: m.LoneCR}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s: %q: %s", k.Name, b, diff)
	}
	if slices.IndexFunc(dst[room:], func(c uint32) bool { return c != canary }) >= 0 {
		t.Fatalf("%s: wrote behind dst", k.Name)
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

// Every string of up to five structural bytes, at 130 alignments: so it crosses every edge of words and groups.
func TestEveryShortStringAtEveryAlignment(t *testing.T) {
	const alphabet = "a,\"\r\n\x00"
	longest := 5
	if testing.Short() {
		longest = 3
	}
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
					copy(b[at:], "-----")
				}
			}
		}
	})
}

// checkFast is check without its allocations.
func checkFast(t *testing.T, k simd.Kernel, b []byte) {
	var dst [256 + simd.Slack]uint32
	got := k.Index(dst[:len(b)+simd.Slack], b, ',')
	var want simd.Marks
	for i, c := range b {
		switch c {
		case '"':
			if !got.Quote {
				t.Fatalf("%s: %q: the quote was not seen", k.Name, b)
			}
			return
		case '\n', ',':
			if !got.Quote && dst[want.Separators] != uint32(i) {
				t.Fatalf("%s: %q: separator %d: got %d, want %d", k.Name, b, want.Separators, dst[want.Separators], i)
			}
			want.Separators++
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
			comma := []byte{',', '\t', ';', '|', 0}[rng.IntN(5)]
			check(t, k, b, comma)
		}
	})
}

// Bugs of others in this class, each as a test of its own.
func TestKnownTraps(t *testing.T) {
	tests := map[string]string{
		"NUL before separators in one word":    "\x00,\x00\n,,\n\x00",
		"CR on bit 63, LF in the next group":   strings.Repeat("x", 63) + "\r\nabc\n",
		"CR on bit 63, no LF behind it":        strings.Repeat("x", 63) + "\rabc\n",
		"quote on bit 63":                      strings.Repeat("x", 63) + "\"abc\n",
		"quote on bit 0 of the second group":   strings.Repeat("x", 64) + "\"abc\n",
		"all separators":                       strings.Repeat(",", 200),
		"byte with the high bit of a comma":    "\xac\xac\xac,\x8a\n",
		"byte after a match that borrows":      ",-,-,-\n\x0b\n\x0b",
		"a last row without newline, 63 bytes": strings.Repeat("a,b\n", 15) + "a,b",
		"CR as the last byte":                  "a,b\r",
		"empty":                                "",
	}
	eachKernel(t, func(t *testing.T, k simd.Kernel) {
		for name, s := range tests {
			t.Run(name, func(t *testing.T) { check(t, k, []byte(s), ',') })
		}
	})
}

func TestBestIsAvailable(t *testing.T) {
	if k := simd.Best(); !k.Available {
		t.Errorf("Best returned %s, which is not available", k.Name)
	}
}

func ExampleKernel() {
	dst := make([]uint32, 16+simd.Slack)
	m := simd.Best().Index(dst, []byte("id,type\nP1,bp\n"), ',')
	fmt.Println(dst[:m.Separators], m.Newlines)
	// Output: [2 7 10 13] 2
}
