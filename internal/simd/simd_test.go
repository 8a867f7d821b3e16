package simd_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/simd"
)

// want is the answer, a byte at a time.
func want(b []byte, comma byte) ([]uint32, simd.Marks) {
	var offsets []uint32
	var m simd.Marks
	for i, c := range b {
		switch c {
		case comma:
			offsets = append(offsets, uint32(i))
		case '\n':
			offsets = append(offsets, uint32(i))
			m.Newlines++
		case '"':
			return nil, simd.Marks{Quote: true}
		case '\r':
			m.CR = true
			if i+1 < len(b) && b[i+1] != '\n' {
				m.LoneCR = true
			}
		}
	}
	m.Separators = len(offsets)
	return offsets, m
}

func check(t *testing.T, k simd.Kernel, b []byte, comma byte) {
	t.Helper()
	const canary = 0xdeadbeef
	dst := make([]uint32, len(b)+simd.Slack+4)
	for i := range dst {
		dst[i] = canary
	}
	got := k.Index(dst[:len(b)+simd.Slack:len(b)+simd.Slack], b, comma)
	offsets, marks := want(b, comma)
	if marks.Quote {
		if !got.Quote {
			t.Fatalf("%s: %q: the quote was not seen", k.Name, b)
		}
		return
	}
	if got != marks {
		t.Fatalf("%s: %q: got %+v, want %+v", k.Name, b, got, marks)
	}
	if !slices.Equal(dst[:got.Separators], offsets) {
		t.Fatalf("%s: %q: got %v, want %v", k.Name, b, dst[:got.Separators], offsets)
	}
	for _, c := range dst[len(b)+simd.Slack:] {
		if c != canary {
			t.Fatalf("%s: wrote behind dst", k.Name)
		}
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
		buf := make([]byte, 130+longest)
		for length := range longest + 1 {
			total := 1
			for range length {
				total *= len(alphabet)
			}
			for n := range total {
				s := make([]byte, length)
				for i := range s {
					s[i] = alphabet[n%len(alphabet)]
					n /= len(alphabet)
				}
				for _, filler := range []byte{'x', '-'} {
					for at := range 130 {
						if length == 5 && at%7 != n%7 && at < 56 {
							continue
						}
						b := buf[:at+length]
						for i := range at {
							b[i] = filler
						}
						copy(b[at:], s)
						checkFast(t, k, b)
					}
				}
			}
		}
	})
}

// checkFast is check without its allocations.
func checkFast(t *testing.T, k simd.Kernel, b []byte) {
	var dst [256 + simd.Slack]uint32
	got := k.Index(dst[:len(b)+simd.Slack], b, ',')
	n, at := 0, 0
	var m simd.Marks
	for i, c := range b {
		switch c {
		case '"':
			m.Quote = true
		case '\n', ',':
			if !got.Quote && dst[n] != uint32(i) {
				t.Fatalf("%s: %q: separator %d: got %d, want %d", k.Name, b, n, dst[n], i)
			}
			n++
			if c == '\n' {
				m.Newlines++
			}
		case '\r':
			m.CR = true
			m.LoneCR = m.LoneCR || i+1 < len(b) && b[i+1] != '\n'
		}
		at = i
	}
	m.Separators = n
	if m.Quote {
		m = simd.Marks{Quote: true}
		got = simd.Marks{Quote: got.Quote}
	}
	if got != m {
		t.Fatalf("%s: %q (%d bytes): got %+v, want %+v", k.Name, b, at+1, got, m)
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
