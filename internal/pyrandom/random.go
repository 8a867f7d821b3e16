// Package pyrandom is CPython's random.Random: for the same seed it gives the same numbers in the same order.
//
// The mock export server needs it, because its streams are defined by a program in Python. Only what that program
// calls is here, and only for the ranges in which it calls it; what is out of range panics rather than drift away
// from Python unseen. Gauss goes through math.Log, math.Sincos and math.Sqrt, whose last bit may differ from that
// of a C library; everything else is exact on every machine.
package pyrandom

import (
	"crypto/sha512"
	"math"
	"math/bits"
)

// Random is one generator. It is not safe for concurrent use, and none of its methods allocates.
type Random struct {
	twister twister
	words   [stateWords]uint32 // the block of output that is being handed out
	next    int                // index of the next word in words; stateWords when the block is used up

	kept    float64 // second value of the last pair that Gauss made
	hasKept bool
}

// New returns random.Random(seed) for a seed of type str (its UTF-8 bytes) or bytes: seeding "version 2", in which
// the key is the number whose big-endian bytes are the seed followed by its SHA-512.
func New[S string | []byte](seed S) *Random {
	sum := sha512.Sum512([]byte(seed))
	r := &Random{next: stateWords}
	r.twister.initByArray(littleWords(append([]byte(seed), sum[:]...)))
	return r
}

// littleWords cuts a big-endian number into 32-bit words, the least significant first. As in an int of Python,
// leading zeros are no part of the number, and zero itself is one word.
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

// Random returns the next number in [0, 1), a multiple of 2^-53.
func (r *Random) Random() float64 {
	high, low := r.word()>>5, r.word()>>6
	return float64(uint64(high)<<26|uint64(low)) * (1.0 / (1 << 53))
}

// Uniform returns a + (b-a)*Random().
func (r *Random) Uniform(a, b float64) float64 {
	return a + float64((b-a)*r.Random())
}

// GetRandBits returns a number of k random bits; k is from 1 to 32.
func (r *Random) GetRandBits(k int) uint32 {
	if uint(k-1) >= 32 {
		panic("pyrandom: GetRandBits of fewer than 1 or more than 32 bits")
	}
	return r.word() >> (32 - k)
}

// RandBelow returns a number in [0, n); n is at least 1. Python's choice(s) is s[RandBelow(len(s))].
func (r *Random) RandBelow(n uint32) uint32 {
	if n == 0 {
		panic("pyrandom: RandBelow of 0")
	}
	shift := bits.LeadingZeros32(n)
	for {
		if v := r.word() >> (shift & 31); v < n {
			return v
		}
	}
}

// RandInt returns a number in [a, b], both included; b-a is at least 0 and less than 2^32-1.
func (r *Random) RandInt(a, b int64) int64 {
	if b < a || b-a >= math.MaxUint32 {
		panic("pyrandom: RandInt of an empty or too wide range")
	}
	return a + int64(r.RandBelow(uint32(b-a+1)))
}

// maxPool is the largest pool for which Python surely samples from a copy of the pool, whatever the sample's size.
const maxPool = 21

// Sample returns k members of pool in random order, each at most once, and leaves pool as it is. A pool has at
// most 21 members: for larger ones Python may use another method.
func Sample[T any](r *Random, pool []T, k int) []T {
	if len(pool) > maxPool || k > len(pool) {
		panic("pyrandom: Sample of a pool that is too large or too small")
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

// Gauss returns a number of the normal distribution with mean mu and standard deviation sigma. Numbers are made
// in pairs: the second is kept for the next call, whatever the mu and sigma of that call.
func (r *Random) Gauss(mu, sigma float64) float64 {
	z := r.kept
	r.hasKept = !r.hasKept
	if r.hasKept {
		z = r.pair()
	}
	// The conversion keeps the compiler from fusing the product and the sum, which would round only once.
	return mu + float64(z*sigma)
}

// pair makes two numbers of the standard normal distribution, keeps the second and returns the first.
func (r *Random) pair() float64 {
	angle := r.Random() * (2 * math.Pi)
	radius := math.Sqrt(-2 * math.Log(1-r.Random()))
	sin, cos := math.Sincos(angle)
	r.kept = sin * radius
	return cos * radius
}
