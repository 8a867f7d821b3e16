package inflate

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"fastcount/internal/testing/guarded"
	"fastcount/internal/testing/proof"
)

// With buffers between inaccessible pages, decoding faults if it accesses
// anything outside them. The buffers are small, so that every stream reaches
// their ends, and their sizes vary, so that it does so at every position.
func TestAccessesStayInBounds(t *testing.T) {
	input, window := guarded.Memory(t, 16<<10), guarded.Memory(t, maxDistance+64<<10)
	rng := rand.New(rand.NewPCG(11, 12))
	n, tried := proof.Bound(200, 10_000), 0
	d := newDecoders()
	for range n {
		w := randomStream(rng, 3000)
		streams := [][]byte{w.stream, mutate(rng, w.stream, w.stream), w.stream[:rng.IntN(len(w.stream))]}
		for i, stream := range streams {
			want := d.own(&d.slow, bytes.NewReader(stream))
			size := keptInput + inputMargin + rng.IntN(200)
			space := maxDistance + outputSlack + 1 + rng.IntN(1000)
			for _, ends := range []bool{false, true} {
				r := Reader{window: window[:space:space]}
				in := Input{buf: input[:size:size]}
				if ends {
					r.window, in.buf = window[len(window)-space:], input[len(input)-size:]
				}
				in.Reset(bytes.NewReader(stream))
				var got result
				fault := guarded.Fault(func() { got = readFrom(&in, &r) })
				if fault != nil || !bytes.Equal(got.data, want.data) || got.class() != want.class() {
					t.Fatalf("%d bytes of input, %d of output: got %v, %v, want %v", size, space, fault, got, want)
				}
				if i == 0 && !bytes.Equal(got.data, w.data) {
					t.Fatalf("got %v, want %d bytes", got, len(w.data))
				}
				tried++
			}
		}
	}
	proof.Cases(t, "inflate-guarded", tried)
}
