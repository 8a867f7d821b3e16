package pyrandom

// The Mersenne Twister MT19937 of Matsumoto and Nishimura: 624 words of state, from which blocks of 624 words of
// output are made at once.

const (
	stateWords = 624
	distance   = 397         // how far the second operand of the recurrence is ahead
	matrix     = 0x9908_b0df // the recurrence's last row
	upperBit   = 1 << 31
)

type twister struct {
	state [stateWords]uint32
}

// init fills the state from one word.
func (t *twister) init(seed uint32) {
	t.state[0] = seed
	for i := 1; i < stateWords; i++ {
		before := t.state[i-1]
		t.state[i] = 1812433253*(before^before>>30) + uint32(i)
	}
}

// initByArray fills the state from a key of at least one word.
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

// block advances the state by one block and writes its output to out. The recurrence reaches 397 words ahead and
// wraps around: three stretches spare the loops a modulo.
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

// twist joins the upper bit of u with the lower bits of v and multiplies by the matrix, without a branch: the
// lowest bit is as good as random.
func twist(u, v uint32) uint32 {
	y := u&upperBit | v&(upperBit-1)
	return y>>1 ^ -(y&1)&matrix
}

// temper spreads the bits of a word of the state over a word of output.
func temper(y uint32) uint32 {
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c_5680
	y ^= y << 15 & 0xefc6_0000
	return y ^ y>>18
}
