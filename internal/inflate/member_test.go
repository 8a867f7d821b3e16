package inflate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"

	"fastcount/internal/testing/proof"
)

// member returns a gzip member with all fields of a header, if flags has them.
func member(flags byte, data []byte) []byte {
	m := append([]byte{0x1f, 0x8b, 8, flags}, 1, 2, 3, 4, 5, 6)
	if flags&flagExtra != 0 {
		m = append(m, 5, 0, 'e', 'x', 0, 'r', 'a')
	}
	if flags&flagName != 0 {
		m = append(m, "name\xff\x00"...)
	}
	if flags&flagComment != 0 {
		m = append(m, strings.Repeat("comment ", 100)+"\x00"...)
	}
	if flags&flagHeaderChecksum != 0 {
		m = binary.LittleEndian.AppendUint16(m, uint16(crc32.ChecksumIEEE(m)))
	}
	m = append(m, deflated(6, data)...)
	m = binary.LittleEndian.AppendUint32(m, crc32.ChecksumIEEE(data))
	return binary.LittleEndian.AppendUint32(m, uint32(len(data)))
}

// readMembers reads members up to the end of the input.
func readMembers(src io.Reader) (data []byte, err error) {
	in := NewInput(src)
	var m Member
	for {
		if err := m.Reset(in); err == io.EOF {
			return data, nil
		} else if err != nil {
			return data, err
		}
		for err = nil; err == nil; {
			var p []byte
			p, err = m.Next()
			data = append(data, p...)
		}
		if err != io.EOF {
			return data, err
		}
		if p, again := m.Next(); len(p) > 0 || again != io.EOF {
			return data, errors.New("more after the end")
		}
	}
}

// Members with every combination of fields, whose headers must match exactly.
func TestHeaders(t *testing.T) {
	text := rows(500)
	for flags := range 1 << 8 {
		stream := member(byte(flags), text)
		for range 2 {
			got, err := readMembers(iotest.HalfReader(bytes.NewReader(append(stream, stream...))))
			want := append(bytes.Clone(text), text...)
			if flags&reservedFlags != 0 {
				if !errors.Is(err, ErrHeader) {
					t.Errorf("flags %#x: got %v", flags, err)
				}
			} else if err != nil || !bytes.Equal(got, want) {
				t.Errorf("flags %#x: got %d bytes, %v", flags, len(got), err)
			}
		}
	}
}

// A member whose bits are changed one by one, or which is cut anywhere, is
// refused, or gives the same bytes because the changed ones have no meaning.
func TestMemberCutsAndFlips(t *testing.T) {
	text := rows(400)
	stream, tried := member(flagExtra|flagName|flagHeaderChecksum, text), 0
	for cut := 1; cut < len(stream); cut++ {
		got, err := readMembers(bytes.NewReader(stream[:cut]))
		if err != io.ErrUnexpectedEOF || !bytes.HasPrefix(text, got) {
			t.Errorf("cut at %d of %d: got %d bytes, %v", cut, len(stream), len(got), err)
		}
		tried++
	}
	for bit := range 8 * len(stream) {
		flipped := bytes.Clone(stream)
		flipped[bit/8] ^= 1 << (bit % 8)
		if got, err := readMembers(bytes.NewReader(flipped)); err == nil && !bytes.Equal(got, text) {
			t.Errorf("bit %d: accepted %d bytes, want %d", bit, len(got), len(text))
		} else if err == nil && (bit < 8*headerSize || bit >= 8*(len(stream)-trailerSize)) {
			t.Errorf("bit %d of the header or trailer has no meaning", bit)
		}
		tried++
	}
	proof.Cases(t, "inflate-fixtures", tried)
}

// Changed members are accepted exactly if klauspost/compress accepts them. It
// limits names to 511 bytes, which these members stay below. (compress/gzip
// ignores reserved flags.)
func TestMemberMutations(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	seeds := [][]byte{member(flagExtra|flagName|flagHeaderChecksum, rows(100)), member(0, rows(200)), append(member(0, nil), member(1, rows(50))...)}
	n := proof.Bound(5_000, 100_000)
	for range n {
		stream := mutate(rng, seeds[rng.IntN(3)], seeds[rng.IntN(3)])
		got, err := readMembers(bytes.NewReader(stream))
		want, wantErr := klauspostMembers(stream)
		if errors.Is(err, ErrInvalidCode) {
			continue // see decoders.compare
		}
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("% x: got %d bytes, %v, klauspost/compress: %d bytes, %v", stream, len(got), err, len(want), wantErr)
		}
	}
	proof.Cases(t, "inflate-mutations", n)
}

// klauspostMembers reads members with klauspost/compress, one by one: it
// ignores a second header that is cut.
func klauspostMembers(stream []byte) (data []byte, err error) {
	src := bytes.NewReader(stream)
	var z gzip.Reader
	for src.Len() > 0 && err == nil {
		if err = z.Reset(src); err == nil {
			z.Multistream(false)
			var member []byte
			member, err = io.ReadAll(&z)
			data = append(data, member...)
		}
	}
	return data, err
}

func TestMemberErrors(t *testing.T) {
	good := member(flagHeaderChecksum, rows(100))
	change := func(at int) []byte {
		bad := bytes.Clone(good)
		bad[(len(bad)+at)%len(bad)] ^= 1
		return bad
	}
	for name, test := range map[string]struct {
		stream []byte
		want   error
	}{
		"first byte":      {change(0), ErrHeader},
		"second byte":     {change(1), ErrHeader},
		"method":          {change(2), ErrHeader},
		"reserved flag":   {member(0x20, nil), ErrHeader},
		"header checksum": {change(headerSize), ErrHeaderChecksum},
		"changed header":  {change(5), ErrHeaderChecksum},
		"checksum":        {change(-trailerSize), ErrChecksum},
		"length":          {change(-1), ErrLengthMismatch},
		"name without end": {
			append([]byte{0x1f, 0x8b, 8, flagName, 0, 0, 0, 0, 0, 0}, bytes.Repeat([]byte("n"), 200_000)...), io.ErrUnexpectedEOF,
		},
	} {
		if _, err := readMembers(bytes.NewReader(test.stream)); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestMemberRead(t *testing.T) {
	text := rows(300 << 10)
	var m Member
	in := NewInput(iotest.OneByteReader(bytes.NewReader(append(member(0, text), "rest"...))))
	if err := m.Reset(in); err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(&m, text); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(in); string(rest) != "rest" || err != nil {
		t.Errorf("after the member: %q, %v", rest, err)
	}
}
