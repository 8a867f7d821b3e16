package pyrandom

// This file implements the Mersenne Twister MT19937 (Matsumoto and Nishimura,
// 1998). Its state of 624 words is advanced, and its output computed, in blocks
// of 624 words.

const (
	stateWords = 624
	distance   = 397         // from the first to the last operand of the recurrence
	matrix     = 0x9908_b0df // last row of the matrix of the recurrence
	upperBit   = 1 << 31
)

type twister struct {
	state [stateWords]uint32
}

// init sets the state from one word.
func (t *twister) init(seed uint32) {
	t.state[0] = seed
	for i := 1; i < stateWords; i++ {
		before := t.state[i-1]
		t.state[i] = 1812433253*(before^before>>30) + uint32(i)
	}
}

// initByArray sets the state from a key of at least one word.
func (t *twister) initByArray(key []uint32) {
	t.init(19650218)
	s, i := &t.state, 1
	advance := func() {
		if i++; i == stateWords {
			s[0], i = s[stateWords-1], 1
		}
	}
	for k := range max(stateWords, len(key)) {
		j := k % len(key)
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1664525) + key[j] + uint32(j)
		advance()
	}
	for range stateWords - 1 {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1566083941) - uint32(i)
		advance()
	}
	s[0] = upperBit
}

// block advances the state by one block and writes the output to out. The
// recurrence reads 397 words ahead and wraps around; separate loops for the
// parts avoid a modulo operation.
func (t *twister) block(out *[stateWords]uint32) {
	s := &t.state
	for i := range stateWords - distance {
		s[i] = s[i+distance] ^ twist(s[i], s[i+1])
		out[i] = temper(s[i])
	}
	for i := stateWords - distance; i < stateWords-1; i++ {
		s[i] = s[i-(stateWords-distance)] ^ twist(s[i], s[i+1])
		out[i] = temper(s[i])
	}
	const last = stateWords - 1
	s[last] = s[distance-1] ^ twist(s[last], s[0])
	out[last] = temper(s[last])
}

// twist combines the upper bit of u with the lower bits of v and multiplies the
// result by the matrix. It does not branch on the lowest bit, which cannot be
// predicted.
func twist(u, v uint32) uint32 {
	y := u&upperBit | v&(upperBit-1)
	return y>>1 ^ -(y&1)&matrix
}

// temper computes a word of output from a word of the state.
func temper(y uint32) uint32 {
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c_5680
	y ^= y << 15 & 0xefc6_0000
	return y ^ y>>18
}
