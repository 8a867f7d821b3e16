// Package pyrandom implements CPython's random.Random: for the same seed, it
// returns the same numbers in the same order.
//
// It exists because a program in Python defines the streams of the mock export
// server. It implements only the methods that this program calls, and only for
// the arguments with which it calls them. Other arguments cause a panic, so
// that no difference from Python goes unnoticed.
//
// [Random.Gauss] uses math.Log, math.Sincos and math.Sqrt, whose last bit may
// differ from that of a C library. All other results are exact on every
// machine.
package pyrandom

import (
	"crypto/sha512"
	"math"
	"math/bits"
)

// Random is a generator. Its methods do not allocate. It is not safe for
// concurrent use.
type Random struct {
	twister twister
	words   [stateWords]uint32 // the current block of output
	next    int                // index of the next word in words; stateWords if all were used

	kept    float64 // second value of the last pair that Gauss computed
	hasKept bool
}

// New returns random.Random(seed) for a seed of type str, as UTF-8, or bytes.
// This is seeding version 2 of Python: the key is the number whose big-endian
// bytes are the seed followed by its SHA-512 hash.
func New[S string | []byte](seed S) *Random {
	sum := sha512.Sum512([]byte(seed))
	r := &Random{next: stateWords}
	r.twister.initByArray(littleWords(append([]byte(seed), sum[:]...)))
	return r
}

// littleWords splits a big-endian number into 32-bit words, the least
// significant first. Leading zeros are dropped, and zero is one word, as in a
// Python int.
func littleWords(number []byte) []uint32 {
	words := make([]uint32, 0, (len(number)+3)/4)
	for end := len(number); end > 0; end -= 4 {
		var w uint32
		for _, b := range number[max(0, end-4):end] {
			w = w<<8 | uint32(b)
		}
		words = append(words, w)
	}
	for len(words) > 1 && words[len(words)-1] == 0 {
		words = words[:len(words)-1]
	}
	return words
}

// word returns the next 32 bits of the Mersenne Twister.
func (r *Random) word() uint32 {
	i := r.next
	if uint(i) >= stateWords {
		r.twister.block(&r.words)
		i = 0
	}
	r.next = i + 1
	return r.words[i]
}

// Random returns a number in [0, 1), a multiple of 2^-53.
func (r *Random) Random() float64 {
	high, low := r.word()>>5, r.word()>>6
	return float64(uint64(high)<<26|uint64(low)) * (1.0 / (1 << 53))
}

// Uniform returns a + (b-a)*Random().
func (r *Random) Uniform(a, b float64) float64 {
	return a + float64((b-a)*r.Random())
}

// GetRandBits returns a number of k random bits. k must be from 1 to 32.
func (r *Random) GetRandBits(k int) uint32 {
	if uint(k-1) >= 32 {
		panic("pyrandom: GetRandBits: number of bits out of range")
	}
	return r.word() >> (32 - k)
}

// RandBelow returns a number in [0, n). n must be at least 1. Python's
// choice(s) is s[RandBelow(len(s))].
func (r *Random) RandBelow(n uint32) uint32 {
	if n == 0 {
		panic("pyrandom: RandBelow: empty range")
	}
	shift := bits.LeadingZeros32(n)
	for {
		if v := r.word() >> (shift & 31); v < n {
			return v
		}
	}
}

// RandInt returns a number in [a, b]. b-a must be at least 0 and less than
// 2^32-1.
func (r *Random) RandInt(a, b int64) int64 {
	if b < a || b-a >= math.MaxUint32 {
		panic("pyrandom: RandInt: empty or too wide range")
	}
	return a + int64(r.RandBelow(uint32(b-a+1)))
}

// maxPool is the size up to which Python samples from a copy of the pool for
// every size of the sample.
const maxPool = 21

// Sample returns k distinct elements of pool in random order. It does not
// modify pool, which must have at most 21 elements: for larger pools Python may
// use another method.
func Sample[T any](r *Random, pool []T, k int) []T {
	if len(pool) > maxPool || k > len(pool) {
		panic("pyrandom: Sample: pool too large or too small")
	}
	left := append([]T(nil), pool...)
	sample := make([]T, k)
	for i := range sample {
		j, last := r.RandBelow(uint32(len(left))), len(left)-1
		sample[i], left[j] = left[j], left[last]
		left = left[:last]
	}
	return sample
}

// Gauss returns a number of the normal distribution with mean mu and standard
// deviation sigma. Standard normal numbers are computed in pairs; the second
// one is kept for the next call, which applies its own mu and sigma.
func (r *Random) Gauss(mu, sigma float64) float64 {
	z := r.kept
	r.hasKept = !r.hasKept
	if r.hasKept {
		z = r.pair()
	}
	// The conversion prevents a fused multiply-add, which would round only
	// once.
	return mu + float64(z*sigma)
}

// pair computes two numbers of the standard normal distribution. It keeps the
// second and returns the first.
func (r *Random) pair() float64 {
	angle := r.Random() * (2 * math.Pi)
	radius := math.Sqrt(-2 * math.Log(1-r.Random()))
	sin, cos := math.Sincos(angle)
	r.kept = sin * radius
	return cos * radius
}
