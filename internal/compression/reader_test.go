package compression

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"fastcount/engine"
)

const text = "patient_id,event_time,event_type,value\nP1,t,a,1\nP2,t,b,2\n"

const window = 8 << 20

func gz(t testing.TB, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Name = "x.csv"
	_, err := w.Write([]byte(text))
	check(t, errors.Join(err, w.Close()))
	return buf.Bytes()
}

func zst(t testing.TB, text string) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	check(t, err)
	defer e.Close()
	return e.EncodeAll([]byte(text), nil)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sniffed returns a reader of the content of r, which may be plain.
func sniffed(r io.Reader, maxWindow uint64) (io.ReadCloser, error) {
	f, _, all := Sniff(r)
	if f == Plain {
		return io.NopCloser(all), nil
	}
	return NewReader(all, f, maxWindow)
}

// decodeBytes decodes r with Read.
func decodeBytes(r io.Reader, maxWindow uint64) (string, error) {
	d, err := sniffed(r, maxWindow)
	if err != nil {
		return "", err
	}
	got, err := io.ReadAll(d)
	return string(got), errors.Join(err, d.Close())
}

// decodeWindows is decodeBytes with windows, where the reader has them. Each
// begins with up to 100 bytes that were read before.
func decodeWindows(r io.Reader, maxWindow uint64) (string, error) {
	d, err := sniffed(r, maxWindow)
	if err != nil {
		return "", err
	}
	window := func(int) []byte { return nil }
	if w, ok := d.(*Reader); ok {
		window = w.Window
	}
	var got []byte
	buf := make([]byte, 50)
	for i := 0; err == nil; i++ {
		unread := min(len(got), i%101)
		if data := window(unread); data != nil {
			if !bytes.HasSuffix(got, data[:unread]) {
				return string(got), errors.New("a window begins with other bytes than those before it")
			}
			got = append(got, data[unread:]...)
			continue
		}
		var n int
		n, err = d.Read(buf)
		got = append(got, buf[:n]...)
	}
	if err == io.EOF {
		err = nil
	}
	if data := window(0); data != nil {
		err = errors.New("a window after the end")
	}
	return string(got), errors.Join(err, d.Close())
}

// bigWindow is a frame that requires a window of 512 MiB and contains one empty
// block.
var bigWindow = []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 19 << 3, 0x01, 0x00, 0x00}

// bigSegment is a frame without a window that declares 512 MiB of content,
// which the decoder must hold in memory.
var bigSegment = []byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x20, 0x01, 0x00, 0x00}

var skippable = []byte{0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}

func TestDecode(t *testing.T) {
	long := strings.Repeat(text, 5000)
	tests := []struct {
		name string
		data []byte
		want string
		err  error
	}{
		{"empty", nil, "", nil},
		{"one byte", []byte("a"), "a", nil},
		{"one byte of a magic", []byte("\x1f"), "\x1f", nil},
		{"three bytes of a magic", []byte("\x28\xb5\x2f"), "\x28\xb5\x2f", nil},
		{"plain", []byte(text), text, nil},
		{"gzip", gz(t, text), text, nil},
		{"gzip, long", gz(t, long), long, nil},
		{"gzip of nothing", gz(t, ""), "", nil},
		{"gzip, members", join(gz(t, text), gz(t, ""), gz(t, long)), text + long, nil},
		{"gzip, zeros after", join(gz(t, text), make([]byte, 700)), text, nil},
		{"gzip, garbage after", join(gz(t, text), []byte("garbage")), text, ErrCorrupt},
		{"gzip, much garbage after", join(gz(t, text), []byte(long)), text, ErrCorrupt},
		{"gzip, garbage after zeros", join(gz(t, text), make([]byte, 700), []byte("x")), text, ErrCorrupt},
		{"gzip, a member after zeros", join(gz(t, text), make([]byte, 7), gz(t, text)), text, ErrCorrupt},
		{"gzip magic and no gzip", []byte("\x1f\x8b,patient_id,event_type\n"), "", ErrCorrupt},
		{"zstd", zst(t, text), text, nil},
		{"zstd, frames", join(zst(t, text), zst(t, long)), text + long, nil},
		{"zstd, skippable first", join(skippable, zst(t, text), skippable, zst(t, text)), text + text, nil},
		{"zstd, garbage after", join(zst(t, text), []byte("garbage")), text, ErrCorrupt},
		{"zstd, zeros after", join(zst(t, text), make([]byte, 9)), text, ErrCorrupt},
		{"zstd, window", bigWindow, "", ErrWindow},
		{"zstd, segment", bigSegment, "", ErrWindow},
		{"zstd, window in the second frame", join(zst(t, text), bigWindow), text, ErrWindow},
	}
	readers := map[string]func(io.Reader) io.Reader{
		"whole":        func(r io.Reader) io.Reader { return r },
		"one byte":     iotest.OneByteReader,
		"data and EOF": iotest.DataErrReader,
		"halves":       iotest.HalfReader,
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for how, reader := range readers {
				for _, decode := range []func(io.Reader, uint64) (string, error){decodeBytes, decodeWindows} {
					got, err := decode(reader(bytes.NewReader(test.data)), window)
					if !errors.Is(err, test.err) || got != test.want {
						t.Errorf("%s: got %d bytes and error %v, want %d bytes and error %v",
							how, len(got), err, len(test.want), test.err)
					}
				}
			}
		})
	}
}

func TestWindowErrorNamesLimit(t *testing.T) {
	_, err := decodeBytes(bytes.NewReader(bigWindow), 1<<20)
	if err == nil || !strings.Contains(err.Error(), "1048576") {
		t.Errorf("got %v", err)
	}
	if text, err := decodeBytes(bytes.NewReader(bigWindow), 1<<30); err != nil || text != "" {
		t.Errorf("within the limit: %q, %v", text, err)
	}
	if _, err := NewReader(strings.NewReader(""), Zstd, 1); err == nil {
		t.Error("a window limit of 1 byte was accepted")
	}
}

// TestCutAnywhere truncates compressed data at every byte. The error is
// ErrTruncated, except between members or frames, where the cut cannot be
// detected.
func TestCutAnywhere(t *testing.T) {
	for name, frame := range map[string][]byte{
		"gzip": gz(t, text), "zstd": zst(t, text), "zstd, compressed": zst(t, strings.Repeat(text, 9)),
		"zstd, skippable": join(skippable, zst(t, text)),
	} {
		data := join(frame, frame)
		for cut := zstdSize; cut < len(data); cut++ {
			_, err := decodeBytes(bytes.NewReader(data[:cut]), window)
			between := cut == len(frame) || strings.Contains(name, "skippable") && cut%len(frame) == len(skippable)
			if between != (err == nil) || err != nil && !errors.Is(err, ErrTruncated) {
				t.Errorf("%s cut at %d of %d: %v", name, cut, len(data), err)
			}
		}
	}
}

// TestBrokenSource makes the source fail at every byte with an error that
// decoders treat as the end of data, as truncation, or hide. The decoder must
// return it unchanged.
func TestBrokenSource(t *testing.T) {
	own := errors.New("broken")
	for name, data := range map[string][]byte{
		"plain": []byte(text), "gzip": join(gz(t, text), gz(t, text)), "zstd": join(zst(t, text), zst(t, text)),
		"gzip, padded": join(gz(t, text), make([]byte, 9)), "zstd, skippable": join(zst(t, text), skippable),
	} {
		for _, broken := range []error{own, io.ErrUnexpectedEOF} {
			for cut := 0; cut <= len(data); cut++ {
				r := io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(broken))
				if _, err := decodeBytes(r, window); !errors.Is(err, broken) || errors.Is(err, ErrTruncated) {
					t.Fatalf("%s broken at %d by %v: got %v", name, cut, broken, err)
				}
				r = io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(broken))
				if _, err := decodeWindows(r, window); !errors.Is(err, broken) || errors.Is(err, ErrTruncated) {
					t.Fatalf("%s broken at %d by %v, in windows: got %v", name, cut, broken, err)
				}
			}
		}
	}
}

func TestFlippedBits(t *testing.T) {
	for name, data := range map[string][]byte{"gzip": gz(t, text), "zstd": zst(t, text)} {
		for i := zstdSize; i < len(data); i++ {
			bad := bytes.Clone(data)
			bad[i] ^= 0x10
			got, err := decodeBytes(bytes.NewReader(bad), window)
			if err == nil && got != text {
				t.Errorf("%s with a flipped bit in byte %d gave other data without an error", name, i)
			}
		}
	}
}

func TestErrorsAreSticky(t *testing.T) {
	for name, data := range map[string][]byte{
		"garbage": join(gz(t, text), []byte("garbage")), "end": gz(t, text), "cut": zst(t, text)[:20],
	} {
		d, err := sniffed(bytes.NewReader(data), window)
		check(t, err)
		_, first := io.ReadAll(d)
		if n, again := d.Read(make([]byte, 9)); n != 0 || first != nil && again != first || first == nil && again != io.EOF {
			t.Errorf("%s: first %v, then %d bytes and %v", name, first, n, again)
		}
		check(t, d.Close())
	}
}

// The format of data that is cut within its magic number is not certain.
func TestSniff(t *testing.T) {
	for data, want := range map[string]Format{
		"": Plain, "a": Plain, "P": Plain, "BZh91AY": Plain, "BZh91AY&SY": Bzip2, "PK\x03\x04": Zip, "\x1f\x8b": Gzip, "\x28\xb5\x2f\xfd": Zstd,
		"\x5f\x2a\x4d\x18": Zstd, "\x60\x2a\x4d\x18": Plain,
	} {
		for cut := range len(data) + 1 {
			f, certain, all := Sniff(iotest.OneByteReader(strings.NewReader(data[:cut])))
			got, err := io.ReadAll(all)
			if string(got) != data[:cut] || err != nil || f != Detect(got) {
				t.Errorf("%q: got %q, %v, as %v", data[:cut], got, err, f)
			}
			if cut == len(data) && f != want || f != Plain && !certain || cut > 0 && cut < len(data) && want != Plain && f != want && certain {
				t.Errorf("%q: got %v, certain: %v", data[:cut], f, certain)
			}
		}
	}
}

// Proofs depend on the checksums that the data contains.
func TestProof(t *testing.T) {
	unchecked, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithEncoderConcurrency(1))
	check(t, err)
	defer unchecked.Close()
	frame := unchecked.EncodeAll([]byte(text), nil)
	for _, test := range []struct {
		format Format
		data   []byte
		want   engine.Proof
	}{
		{Gzip, gz(t, text), engine.ProofChecksum},
		{Zstd, zst(t, text), engine.ProofChecksum},
		{Zstd, frame, engine.ProofFraming},
		{Zstd, join(zst(t, text), frame), engine.ProofFraming},
		{Zstd, skippable, engine.ProofNone},
		{Bzip2, []byte("BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00"), engine.ProofChecksum},
	} {
		d, err := NewReader(bytes.NewReader(test.data), test.format, window)
		check(t, err)
		_, err = io.ReadAll(d)
		if got := d.Proof(); got != test.want || err != nil {
			t.Errorf("%v: got %v, %v, want %v", test.format, got, err, test.want)
		}
		check(t, d.Close())
	}
}

// Zeros after a member are refused in a range.
func TestRefusePadding(t *testing.T) {
	d, err := NewReader(bytes.NewReader(join(gz(t, text), make([]byte, 9))), Gzip, window)
	check(t, err)
	d.RefusePadding()
	if got, err := io.ReadAll(d); string(got) != text || !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %q, %v", got, err)
	}
	check(t, d.Close())
}

// A member of an archive must have its size and its checksum, and end there.
func TestMember(t *testing.T) {
	sum := crc32.ChecksumIEEE([]byte(text))
	deflated := gz(t, text)
	deflated = deflated[10+len("x.csv")+1 : len(deflated)-8] // without header and trailer
	for name, test := range map[string]struct {
		data     []byte
		deflated bool
		size     int64
		sum      uint32
		err      error
	}{
		"stored":          {[]byte(text), false, int64(len(text)), sum, nil},
		"deflated":        {deflated, true, int64(len(text)), sum, nil},
		"another sum":     {deflated, true, int64(len(text)), sum + 1, ErrCorrupt},
		"another size":    {deflated, true, int64(len(text)) + 1, sum, ErrCorrupt},
		"smaller":         {deflated, true, int64(len(text)) - 1, sum, ErrCorrupt},
		"cut":             {deflated[:len(deflated)-1], true, int64(len(text)), sum, ErrCorrupt},
		"something after": {binary.LittleEndian.AppendUint32(bytes.Clone(deflated), sum), true, int64(len(text)), sum, ErrCorrupt},
	} {
		d := NewMember(bytes.NewReader(test.data), test.deflated, test.size, test.sum)
		if got, err := io.ReadAll(d); !errors.Is(err, test.err) || err == nil && string(got) != text || d.Proof() != engine.ProofNone {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		check(t, d.Close())
	}
}
