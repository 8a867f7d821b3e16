package inflate

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// Windows that begin with any number of the bytes before them, also those of
// earlier members, and reads between them, give all bytes in order.
func TestWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	var want, stream []byte
	long := bytes.Repeat([]byte("0"), 300<<10) // its matches end after the position where decoding stops
	for _, data := range [][]byte{rows(500 << 10), nil, rows(100), {'x'}, long, rows(300 << 10)} {
		want = append(want, data...)
		stream = append(stream, member(flagName, data)...)
	}
	for round := range 200 {
		in := NewInput(bytes.NewReader(stream))
		var m Member
		var got []byte
		windows := 0
		for m.Reset(in) == nil {
			for {
				p, unread, err := readSome(rng, &m, len(got))
				if !bytes.HasSuffix(got, p[:unread]) {
					t.Fatalf("round %d: a window at %d with %d bytes before it has others", round, len(got), unread)
				}
				if cap(p) > 0 && unread > 0 {
					windows++
					_ = p[:len(p)+Slack]
				}
				got = append(got, p[unread:]...)
				if err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
		}
		if !bytes.Equal(got, want) || windows < 3 {
			t.Fatalf("round %d: %d windows gave %d bytes, want %d", round, windows, len(got), len(want))
		}
	}
}

// readSome reads with Read or Window. p begins with unread bytes that were read
// before, of the given number.
func readSome(rng *rand.Rand, m *Member, given int) (p []byte, unread int, err error) {
	if rng.IntN(4) == 0 {
		p = make([]byte, rng.IntN(1<<rng.IntN(18)))
		n, err := m.Read(p)
		return p[:n:n], 0, err
	}
	unread = min(given, rng.IntN(1<<rng.IntN(18)))
	if p, err = m.Window(unread); p == nil {
		unread = 0
	}
	return p, unread, err
}

// Bytes that are not in the window any more are not returned, and those after
// them can be read.
func TestWindowTooSmall(t *testing.T) {
	text := rows(500 << 10)
	var m Member
	if err := m.Reset(NewInput(bytes.NewReader(member(0, text)))); err != nil {
		t.Fatal(err)
	}
	first, err := m.Window(0)
	if err != nil || !bytes.HasPrefix(text, first) {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	n := len(first)
	for _, unread := range []int{n, n + 1, 1 << 30} {
		if p, err := m.Window(unread); len(p) > 0 || err != nil {
			t.Errorf("%d bytes before: %d bytes, %v", unread, len(p), err)
		}
	}
	if p, err := m.Window(10); err != nil || !bytes.HasPrefix(text[n-10:], p) || len(p) <= 10 {
		t.Errorf("10 bytes before: %d bytes, %v", len(p), err)
	}
	m.Clear()
	if p, err := m.Window(1); len(p) > 0 || err != nil {
		t.Errorf("a byte before Clear: %d bytes, %v", len(p), err)
	}
}

// A distance that goes to the data of the stream before is refused, also if
// that data is still in the window.
func TestWindowOfEarlierStream(t *testing.T) {
	bad := new(writer)
	bad.bits(1|1<<1, 3)
	b := bad.block(fixedLengths())
	b.literal('a')
	b.symbol(257)
	b.bits(b.distWords[1], 5) // two bytes before
	b.end()
	for _, size := range []int{0, 100, chunkSize, 3 * chunkSize} {
		text := rows(size)
		in := NewInput(bytes.NewReader(append(deflated(6, text), bad.stream...)))
		var r Reader
		r.Reset(in)
		if got, err := io.ReadAll(&r); err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		unread := min(len(text), 90)
		r.Reset(in)
		p, err := r.Window(unread)
		if !bytes.Equal(p, append(text[len(text)-unread:], 'a')) || err != nil {
			t.Errorf("after %d bytes: got %q, %v", size, p, err)
		}
		if p, err := r.Window(unread); len(p) > 0 || !errors.Is(err, ErrDistance) {
			t.Errorf("after %d bytes: got %q, %v, want %v", size, p, err, ErrDistance)
		}
	}
}
