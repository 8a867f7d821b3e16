package pyrandom

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTranscript replays the results of CPython that testdata/transcript.py
// recorded.
func TestTranscript(t *testing.T) {
	f, err := os.Open("testdata/transcript.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if lines := replay(t, f); lines < 3000 {
		t.Errorf("replayed only %d lines", lines)
	}
}

// TestAgainstPython is TestTranscript with other seeds and the local Python.
func TestAgainstPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	args := []string{"testdata/transcript.py", "2000"}
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 20 {
		seed := make([]byte, n)
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		args = append(args, "bytes:"+hex.EncodeToString(seed), fmt.Sprint("str:", random.Uint64()))
	}
	out, err := exec.Command(python, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	if lines := replay(t, strings.NewReader(string(out))); lines != 40*2001 {
		t.Errorf("replayed %d lines, want %d", lines, 40*2001)
	}
}

// replay makes every call of a transcript, compares the results, and returns
// the number of lines.
func replay(t *testing.T, transcript io.Reader) (lines int) {
	t.Helper()
	var r *Random
	scan := bufio.NewScanner(transcript)
	for ; scan.Scan(); lines++ {
		if seed, ok := strings.CutPrefix(scan.Text(), "seed "); ok {
			r = seeded(t, seed)
			continue
		}
		call, want, _ := strings.Cut(scan.Text(), " = ")
		if err := same(r, strings.Fields(call), want); err != nil {
			t.Fatalf("line %d: %s: %v", lines+1, call, err)
		}
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func seeded(t *testing.T, seed string) *Random {
	t.Helper()
	kind, text, _ := strings.Cut(seed, " ")
	if kind == "str" {
		return New(text)
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return New(b)
}

// same makes one call and compares its result with want.
func same(r *Random, call []string, want string) error {
	arg := make([]float64, len(call))
	for i, s := range call[1:] {
		arg[i] = number(s)
	}
	var got string
	switch call[0] {
	case "gauss":
		return near(r.Gauss(arg[0], arg[1]), number(want))
	case "random":
		return exactly(r.Random(), number(want))
	case "uniform":
		return exactly(r.Uniform(arg[0], arg[1]), number(want))
	case "getrandbits":
		got = fmt.Sprint(r.GetRandBits(int(arg[0])))
	case "randbelow":
		got = fmt.Sprint(r.RandBelow(uint32(arg[0])))
	case "randint":
		got = fmt.Sprint(r.RandInt(int64(arg[0]), int64(arg[1])))
	case "sample":
		got = strings.Trim(fmt.Sprint(Sample(r, count(int(arg[0])), int(arg[1]))), "[]")
	default:
		return fmt.Errorf("unknown call")
	}
	if got != want {
		return fmt.Errorf("got %s, want %s", got, want)
	}
	return nil
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err)
	}
	return f
}

func exactly(got, want float64) error {
	if got != want {
		return fmt.Errorf("got %x, want %x", got, want)
	}
	return nil
}

// near allows for differences in the last bits of logarithm, sine and cosine
// between C libraries and Go.
func near(got, want float64) error {
	if math.Abs(got-want) > 1e-12 {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}

func count(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// TestTwister compares the first words with those published by the authors of
// the Mersenne Twister.
func TestTwister(t *testing.T) {
	r := &Random{next: stateWords}
	r.twister.initByArray([]uint32{0x123, 0x234, 0x345, 0x456})
	for i, want := range []uint32{1067595299, 955945823, 477289528, 4107218783, 4228976476} {
		if got := r.word(); got != want {
			t.Errorf("word %d is %d, want %d", i, got, want)
		}
	}
}

// TestLittleWords covers keys with leading zeros, which are too rare to occur
// in the other tests.
func TestLittleWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		number []byte
		want   []uint32
	}{
		{"zero", []byte{0, 0, 0, 0, 0}, []uint32{0}},
		{"one word", []byte{1, 2, 3, 4}, []uint32{0x01020304}},
		{"a short upper word", []byte{9, 1, 2, 3, 4}, []uint32{0x01020304, 9}},
		{"leading zeros", []byte{0, 0, 0, 0, 0, 9, 1, 2, 3, 4}, []uint32{0x01020304, 9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := littleWords(c.number); !slices.Equal(got, c.want) {
				t.Errorf("got %x, want %x", got, c.want)
			}
		})
	}
}

// TestSincos checks that math.Sincos returns the same bits as math.Sin and
// math.Cos.
func TestSincos(t *testing.T) {
	if runtime.GOARCH == "s390x" {
		t.Skip("math.Sin and math.Cos are assembly on s390x, math.Sincos is not")
	}
	r := New("sincos")
	for range 1_000_000 {
		x := r.Random() * (2 * math.Pi)
		if sin, cos := math.Sincos(x); sin != math.Sin(x) || cos != math.Cos(x) {
			t.Fatalf("Sincos(%x) = %x, %x, but Sin and Cos give %x, %x", x, sin, cos, math.Sin(x), math.Cos(x))
		}
	}
}

func TestSampleKeepsPool(t *testing.T) {
	pool := count(20)
	Sample(New("pool"), pool, 20)
	if !slices.Equal(pool, count(20)) {
		t.Errorf("Sample changed the pool to %v", pool)
	}
}

func TestOutOfRange(t *testing.T) {
	r := New("range")
	for name, call := range map[string]func(){
		"RandBelow(0)":            func() { r.RandBelow(0) },
		"GetRandBits(0)":          func() { r.GetRandBits(0) },
		"GetRandBits(33)":         func() { r.GetRandBits(33) },
		"RandInt of nothing":      func() { r.RandInt(2, 1) },
		"RandInt of 2^32":         func() { r.RandInt(0, 1<<32-1) },
		"Sample of a large pool":  func() { Sample(r, count(22), 1) },
		"Sample of more than all": func() { Sample(r, count(3), 4) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			call()
		})
	}
}

// go test -run '^$' -bench Random ./internal/pyrandom
func BenchmarkRandom(b *testing.B) {
	for name, call := range map[string]func(r *Random){
		"word":      func(r *Random) { r.word() },
		"Random":    func(r *Random) { r.Random() },
		"RandBelow": func(r *Random) { r.RandBelow(5) },
		"Gauss":     func(r *Random) { r.Gauss(75, 15) },
	} {
		b.Run(name, func(b *testing.B) {
			r := New("benchmark")
			b.ReportAllocs()
			for b.Loop() {
				call(r)
			}
		})
	}
}
