package inflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"fastcount/internal/testing/proof"
)

// rows returns about n bytes of CSV.
func rows(n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "S%03d,2025-08-26T00:%02d:%02d.%06dZ,%s,%d\n", rng.IntN(9), rng.IntN(60), rng.IntN(60), rng.IntN(1e6),
			[]string{"heart_rate", "spo2", "bp_sys"}[rng.IntN(3)], rng.IntN(100))
	}
	return b.Bytes()
}

// noise returns n random bytes.
func noise(n int) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// deflated compresses data, and flushes after every piece.
func deflated(level int, pieces ...[]byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		panic(err)
	}
	for i, piece := range pieces {
		if _, err := w.Write(piece); err != nil {
			panic(err)
		}
		if i+1 < len(pieces) {
			err = w.Flush()
		} else {
			err = w.Close()
		}
		if err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// longInputs are larger than the window and hold matches of all kinds.
func longInputs() map[string][]byte {
	far := noise(32 << 10) // every match has the largest distance
	return map[string][]byte{
		"rows":        rows(1 << 20),
		"noise":       noise(300 << 10),
		"zeros":       make([]byte, 1<<20),
		"far matches": bytes.Repeat(far, 12),
		"mixed":       bytes.Repeat(append(rows(40<<10), noise(70<<10)...), 5),
	}
}

func TestLongStreams(t *testing.T) {
	d := newDecoders()
	for name, data := range longInputs() {
		for _, level := range []int{flate.HuffmanOnly, 0, 1, 6, 9} {
			stream := deflated(level, data)
			got := d.compare(t, append(stream, "rest"...))
			if !bytes.Equal(got.data, data) || got.rest != 4 || got.err != nil {
				t.Errorf("%s, level %d: got %v", name, level, got)
			}
		}
	}
}

// A stream gives the same whatever the sizes of the reads from the source, and
// of the reads from the Reader.
func TestArrivals(t *testing.T) {
	data := append(rows(20<<10), noise(1<<10)...)
	stream := append(deflated(6, data, rows(100), data), "rest"...)
	want := append(append(bytes.Clone(data), rows(100)...), data...)
	d := newDecoders()
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"one byte":     iotest.OneByteReader,
		"half":         iotest.HalfReader,
		"data and EOF": iotest.DataErrReader,
		"7 bytes":      func(r io.Reader) io.Reader { return pieces{r, 7} },
		"31 bytes":     func(r io.Reader) io.Reader { return pieces{r, 31} },
		"33 bytes":     func(r io.Reader) io.Reader { return pieces{r, 33} },
		"empty reads":  func(r io.Reader) io.Reader { return &stuttering{r: r} },
	} {
		for _, r := range []*Reader{&d.fast, &d.slow} {
			got := d.own(r, wrap(bytes.NewReader(stream)))
			if !bytes.Equal(got.data, want) || got.rest != 4 || got.err != nil {
				t.Errorf("%s: got %v", name, got)
			}
		}
		d.fast.Reset(NewInput(wrap(bytes.NewReader(stream))))
		if err := iotest.TestReader(&d.fast, want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// pieces reads at most n bytes at a time.
type pieces struct {
	r io.Reader
	n int
}

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), p.n)]) }

// stuttering returns no data on every other read.
type stuttering struct {
	r     io.Reader
	empty bool
}

func (s *stuttering) Read(b []byte) (int, error) {
	if s.empty = !s.empty; s.empty {
		return 0, nil
	}
	return s.r.Read(b[:min(len(b), 100)])
}

func TestNoProgress(t *testing.T) {
	d := newDecoders()
	if got := d.own(&d.fast, iotest.ErrReader(nil)); got.err != io.ErrNoProgress {
		t.Errorf("got %v", got)
	}
}

// The error of a source is returned unchanged, after what was decoded before
// it.
func TestBrokenSource(t *testing.T) {
	data := rows(3000)
	stream := deflated(6, data[:1000], data[1000:2000], data[2000:])
	d := newDecoders()
	broken := errors.New("broken")
	for cut := range len(stream) {
		want := d.own(&d.fast, bytes.NewReader(stream[:cut]))
		for _, r := range []*Reader{&d.fast, &d.slow} {
			got := d.own(r, io.MultiReader(bytes.NewReader(stream[:cut]), iotest.ErrReader(broken)))
			if got.err != broken || !bytes.Equal(got.data, want.data) {
				t.Fatalf("broken after %d bytes: got %v, cut there: %v", cut, got, want)
			}
			if p, err := r.Next(); len(p) > 0 || err != broken {
				t.Fatalf("then %q, %v", p, err)
			}
		}
	}
}

// fixtures are short streams of all kinds of blocks.
func fixtures() map[string][]byte {
	text := rows(300)
	var fixed writer
	fixed.bits(1|1<<1, 3)
	b := fixed.block(fixedLengths())
	for _, c := range []byte("a,b\n") {
		b.literal(c)
	}
	for distance := 1; distance < 40; distance += 3 {
		b.match(3+distance, min(distance, len(b.data)))
	}
	b.match(258, 20)
	b.end()
	var stored writer
	stored.stored(0, text[:60])
	stored.stored(0, nil)
	stored.stored(1, text[60:90])
	return map[string][]byte{
		"fixed":        fixed.stream,
		"stored":       stored.stream,
		"dynamic":      deflated(9, rows(700)),
		"Huffman only": deflated(flate.HuffmanOnly, text),
		"all kinds":    deflated(6, text[:9], rows(500), noise(40), text[:3]),
	}
}

// Every cut of a fixture and every flipped bit is refused or gives the bytes
// that the other decoders give.
func TestCutsAndFlips(t *testing.T) {
	d, tried := newDecoders(), 0
	for name, stream := range fixtures() {
		whole := d.compare(t, stream)
		if whole.err != nil || len(whole.data) == 0 {
			t.Errorf("%s: %v", name, whole)
		}
		for cut := range len(stream) {
			if got := d.compare(t, stream[:cut]); got.class() != "truncated" || !bytes.HasPrefix(whole.data, got.data) {
				t.Errorf("%s, cut at %d of %d: got %v", name, cut, len(stream), got)
			}
			tried++
		}
		for bit := range 8 * len(stream) {
			flipped := append(bytes.Clone(stream), make([]byte, 40)...) // a longer stream may result
			flipped[bit/8] ^= 1 << (bit % 8)
			d.compare(t, flipped)
			d.compare(t, flipped[:len(stream)])
			tried += 2
		}
	}
	proof.Cases(t, "inflate-fixtures", tried)
}

// Randomly changed streams give what the other decoders give.
func TestMutations(t *testing.T) {
	d := newDecoders()
	rng := rand.New(rand.NewPCG(5, 6))
	var seeds [][]byte
	for _, stream := range fixtures() {
		seeds = append(seeds, stream)
	}
	for range 20 {
		seeds = append(seeds, randomStream(rng, 60).stream)
	}
	n := proof.Bound(10_000, 1_000_000)
	valid := 0
	for range n {
		stream := mutate(rng, seeds[rng.IntN(len(seeds))], seeds[rng.IntN(len(seeds))])
		if d.compare(t, stream).err == nil {
			valid++
		}
	}
	if valid < n/100 || valid > n/2 {
		t.Errorf("%d of %d mutations are valid", valid, n)
	}
	proof.Cases(t, "inflate-mutations", n)
}

// mutate returns a with some changes: bytes, bits, or a part of b.
func mutate(rng *rand.Rand, a, b []byte) []byte {
	stream := bytes.Clone(a)
	for range 1 + rng.IntN(3) {
		at := rng.IntN(len(stream))
		switch rng.IntN(5) {
		case 0:
			stream[at] = byte(rng.Uint32())
		case 1, 2:
			stream[at] ^= 1 << rng.IntN(8)
		case 3:
			copy(stream[at:], b[rng.IntN(len(b)):])
		case 4:
			stream = append(stream[:at+1], b[rng.IntN(len(b)):]...)
		}
	}
	return stream
}

// Steady decoding allocates nothing, whatever the streams.
func TestAllocations(t *testing.T) {
	var streams [][]byte
	for _, stream := range fixtures() {
		streams = append(streams, stream)
	}
	streams = append(streams, deflated(6, rows(500<<10)))
	var in Input
	var r Reader
	src := bytes.NewReader(nil)
	decodeAll := func() {
		for _, stream := range streams {
			src.Reset(stream)
			in.Reset(src)
			r.Reset(&in)
			for {
				if _, err := r.Next(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if n := testing.AllocsPerRun(10, decodeAll); n > 0 {
		t.Errorf("%v allocations for %d streams", n, len(streams))
	}
}

func TestInput(t *testing.T) {
	in := NewInput(iotest.HalfReader(strings.NewReader("abcdef")))
	if p, err := in.Peek(4); string(p) != "abcd" || err != nil {
		t.Errorf("Peek(4): %q, %v", p, err)
	}
	in.Discard(2)
	if c, err := in.ReadByte(); c != 'c' || err != nil || in.Offset() != 3 {
		t.Errorf("ReadByte: %q, %v, at %d", c, err, in.Offset())
	}
	if p, err := in.Peek(4); string(p) != "def" || err != io.EOF {
		t.Errorf("Peek(4): %q, %v", p, err)
	}
	if n, err := in.Read(nil); n != 0 || err != nil {
		t.Errorf("Read(nil): %d, %v", n, err)
	}
	if p, err := io.ReadAll(in); string(p) != "def" || err != nil || in.Offset() != 6 {
		t.Errorf("ReadAll: %q, %v, at %d", p, err, in.Offset())
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("ReadByte at the end: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("bytes that were not peeked could be discarded")
		}
	}()
	in.Discard(1)
}
