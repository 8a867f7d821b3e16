package sources

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// decodeBytes reads r the way a FIFO is read.
func decodeBytes(r io.Reader, maxWindow uint64) (string, error) {
	s := newStream(r, nil)
	if err := s.decodeSniffed(maxWindow); err != nil {
		return "", err
	}
	text, err := drain(s)
	return text, errors.Join(err, s.Close())
}

// decodeWindows is decodeBytes with windows, where the stream has them. Each
// begins with up to 100 bytes that were read before.
func decodeWindows(r io.Reader, maxWindow uint64) (string, error) {
	s := newStream(r, nil)
	if err := s.decodeSniffed(maxWindow); err != nil {
		return "", err
	}
	var got []byte
	var err error
	buf := make([]byte, 50)
	for i := 0; err == nil; i++ {
		unread := min(len(got), i%101)
		if data := s.Window(unread); data != nil {
			if !bytes.HasSuffix(got, data[:unread]) {
				return string(got), errors.New("a window begins with other bytes than those before it")
			}
			got = append(got, data[unread:]...)
			continue
		}
		var n int
		n, err = s.Read(buf)
		got = append(got, buf[:n]...)
	}
	if err == io.EOF {
		err = nil
	}
	if data := s.Window(0); data != nil {
		err = errors.New("a window after the end")
	}
	return string(got), errors.Join(err, s.Close())
}

// bigWindow is a frame that requires a window of 512 MiB and contains one empty
// block.
var bigWindow = []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 19 << 3, 0x01, 0x00, 0x00}

// bigSegment is a frame without a window that declares 512 MiB of content,
// which the decoder must hold in memory.
var bigSegment = []byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x20, 0x01, 0x00, 0x00}

var skippable = []byte{0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}

func TestDecode(t *testing.T) {
	long := strings.Repeat(csvText, 5000)
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
		{"plain", []byte(csvText), csvText, nil},
		{"gzip", gz(t, csvText), csvText, nil},
		{"gzip, long", gz(t, long), long, nil},
		{"gzip of nothing", gz(t, ""), "", nil},
		{"gzip, members", join(gz(t, csvText), gz(t, ""), gz(t, long)), csvText + long, nil},
		{"gzip, zeros after", join(gz(t, csvText), make([]byte, 700)), csvText, nil},
		{"gzip, garbage after", join(gz(t, csvText), []byte("garbage")), csvText, ErrCorrupt},
		{"gzip, much garbage after", join(gz(t, csvText), []byte(long)), csvText, ErrCorrupt},
		{"gzip, garbage after zeros", join(gz(t, csvText), make([]byte, 700), []byte("x")), csvText, ErrCorrupt},
		{"gzip, a member after zeros", join(gz(t, csvText), make([]byte, 7), gz(t, csvText)), csvText, ErrCorrupt},
		{"gzip magic and no gzip", []byte("\x1f\x8b,patient_id,event_type\n"), "", ErrCorrupt},
		{"gzip in gzip", gz(t, string(gz(t, csvText))), "", ErrContent},
		{"zstd", zst(t, csvText), csvText, nil},
		{"zstd, frames", join(zst(t, csvText), zst(t, long)), csvText + long, nil},
		{"zstd, skippable first", join(skippable, zst(t, csvText), skippable, zst(t, csvText)), csvText + csvText, nil},
		{"zstd, garbage after", join(zst(t, csvText), []byte("garbage")), csvText, ErrCorrupt},
		{"zstd, zeros after", join(zst(t, csvText), make([]byte, 9)), csvText, ErrCorrupt},
		{"zstd, window", bigWindow, "", ErrWindow},
		{"zstd, segment", bigSegment, "", ErrWindow},
		{"zstd, window in the second frame", join(zst(t, csvText), bigWindow), csvText, ErrWindow},
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
					got, err := decode(reader(bytes.NewReader(test.data)), DefaultHTTPWindow)
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
	if _, err := newDecoder(strings.NewReader(""), zstandard, 1); err == nil {
		t.Error("a window limit of 1 byte was accepted")
	}
}

// TestCutAnywhere truncates compressed data at every byte. The error is
// ErrTruncated, except between members or frames, where the cut cannot be
// detected.
func TestCutAnywhere(t *testing.T) {
	for name, frame := range map[string][]byte{
		"gzip": gz(t, csvText), "zstd": zst(t, csvText), "zstd, compressed": zst(t, strings.Repeat(csvText, 9)),
		"zstd, skippable": join(skippable, zst(t, csvText)),
	} {
		data := join(frame, frame)
		for cut := zstdSize; cut < len(data); cut++ {
			_, err := decodeBytes(bytes.NewReader(data[:cut]), DefaultHTTPWindow)
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
		"plain": []byte(csvText), "gzip": join(gz(t, csvText), gz(t, csvText)), "zstd": join(zst(t, csvText), zst(t, csvText)),
		"gzip, padded": join(gz(t, csvText), make([]byte, 9)), "zstd, skippable": join(zst(t, csvText), skippable),
	} {
		for _, broken := range []error{own, io.ErrUnexpectedEOF} {
			for cut := 0; cut <= len(data); cut++ {
				r := io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(broken))
				if _, err := decodeBytes(r, DefaultHTTPWindow); !errors.Is(err, broken) || errors.Is(err, ErrTruncated) {
					t.Fatalf("%s broken at %d by %v: got %v", name, cut, broken, err)
				}
				r = io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(broken))
				if _, err := decodeWindows(r, DefaultHTTPWindow); !errors.Is(err, broken) || errors.Is(err, ErrTruncated) {
					t.Fatalf("%s broken at %d by %v, in windows: got %v", name, cut, broken, err)
				}
			}
		}
	}
}

func TestFlippedBits(t *testing.T) {
	for name, data := range map[string][]byte{"gzip": gz(t, csvText), "zstd": zst(t, csvText)} {
		for i := zstdSize; i < len(data); i++ {
			bad := bytes.Clone(data)
			bad[i] ^= 0x10
			got, err := decodeBytes(bytes.NewReader(bad), DefaultHTTPWindow)
			if err == nil && got != csvText {
				t.Errorf("%s with a flipped bit in byte %d gave other data without an error", name, i)
			}
		}
	}
}

func TestErrorsAreSticky(t *testing.T) {
	for name, data := range map[string][]byte{
		"garbage": join(gz(t, csvText), []byte("garbage")), "end": gz(t, csvText), "cut": zst(t, csvText)[:20],
	} {
		s := newStream(bytes.NewReader(data), nil)
		if err := s.decodeSniffed(DefaultHTTPWindow); err != nil {
			t.Fatal(err)
		}
		_, first := drain(s)
		if n, again := s.Read(make([]byte, 9)); n != 0 || first != nil && again != first || first == nil && again != io.EOF {
			t.Errorf("%s: first %v, then %d bytes and %v", name, first, n, again)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
