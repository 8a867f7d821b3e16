package sources

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"fastcount/internal/compression"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// bzip2Of decodes data that bzip2 compressed.
func bzip2Of(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	check(t, err)
	return data
}

// bz returns csvText, compressed.
func bz(t testing.TB) []byte {
	return bzip2Of(t, "QlpoOTFBWSZTWcek3aUAABVbgAAQAAQwAEAAtidHICAAVFMmJkGRg0jTBEzRqQeGeRlVW7xa0BiP3b793BoEEsJTRZphRK4os2ahdyRThQkMek3aUA==")
}

// longBZ returns 5,000 times csvText, compressed in three blocks.
func longBZ(t testing.TB) []byte {
	return bzip2Of(t, "QlpoMTFBWSZTWQQ0pSUAj+LbgAAQAAQwAEAAtidHIDABUACmTEyDIwTVUmGSJmjUKZMTIMjOZETWRE2kRMSImZETqkRPMiJxIicSInEiJ4kR"+
		"MyInMiJpIiaSInNIiYhUpayIn6RE+kRPEiJ7kRP0iJ9kRNpETWRE3pETekROpETFIidSIm8iJ6hUpa+ZETuRExSIncKlLEiJmRE00kRO5ETaREzSImZET/MU"+
		"FZJlNZdL2ZNAB7VNuAABAABDAAQAC2J0cgMAFQAKZMTIMjBNVSZPIgMgpkxMgyM4kRNZETaREzIibyIn2kRPEiJiRExIiYkRO0iJvIicSImkiJpIicUiJmFS"+
		"lrIidSInMiJ2kRPciJ1IicyIm0iJqRE70iJ3pET7IiZkROtJETmRExIiegqUvMiJ+kRN6REzCpSxIib0iJ+kRNpETNIicSIn8xQVkmU1nLk2oWAIYJ24AAEA"+
		"AEMABAALYnRyAwAVtQBTJiZBkYJqqmT0TIMIFKomRtBBpgkqeCSpoSVPRJU2JQuKkhb0kLSkhaUkLySVMySpsSVMElTIlC8UkLapIWtAlWdJC6pIXJSFlSQv"+
		"tJC6pIXNJC80kLMpCxUkLFSQuKSFqKQuKSFikheyCVblIXdJC1qSFl2QSrQpC9VJC7pIWKSFrUkLakhfxdyRThQkDI6zOoA=")
}

// decodeBytes reads r the way a FIFO is read.
func decodeBytes(r io.Reader, maxWindow uint64) (string, error) {
	s := newStream(r, nil)
	if err := s.decodeSniffed(maxWindow); err != nil {
		return "", err
	}
	text, err := drain(s)
	return text, errors.Join(err, s.Close())
}

// bigWindow is a frame that requires a window of 512 MiB and contains one empty
// block.
var bigWindow = []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 19 << 3, 0x01, 0x00, 0x00}

// bigSegment is a frame without a window that declares 512 MiB of content,
// which the decoder must hold in memory.
var bigSegment = []byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x20, 0x01, 0x00, 0x00}

var skippable = []byte{0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}

// settledFile returns a file that is not waited for when it is opened.
func settledFile(t testing.TB, data []byte) *File {
	f := newFile(t, tempFile(t, "a.csv", data))
	f.settled.Store(true)
	return f
}

func TestBzip2(t *testing.T) {
	one, long, empty := bz(t), longBZ(t), []byte("BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00")
	for _, test := range []struct {
		name string
		data []byte
		want string
		err  error
	}{
		{"one block", one, csvText, nil},
		{"blocks", long, strings.Repeat(csvText, 5000), nil},
		{"streams", join(one, empty, one), csvText + csvText, nil},
		{"nothing", empty, "", nil},
		{"garbage after", join(one, []byte("garbage")), csvText, ErrCorrupt},
		{"zeros after", join(one, make([]byte, 9)), csvText, ErrCorrupt},
		{"one byte of a stream after", join(one, []byte("B")), csvText, ErrTruncated},
		{"compressed twice", gz(t, string(one)), "", ErrContent},
		{"gzip in gzip", gz(t, string(gz(t, csvText))), "", ErrContent},
		{"only the letters", []byte("BZh9,event_type\n"), "BZh9,event_type\n", nil},
	} {
		for _, reader := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.DataErrReader} {
			got, err := decodeBytes(reader(bytes.NewReader(test.data)), DefaultHTTPWindow)
			if !errors.Is(err, test.err) || got != test.want {
				t.Errorf("%s: got %d bytes, %v, want %d bytes, %v", test.name, len(got), err, len(test.want), test.err)
			}
		}
	}
}

// Damage anywhere in bzip2 data is an error.
func TestBzip2Damage(t *testing.T) {
	data := bz(t)
	proof.Cases(t, "archives-damaged", 9*len(data))
	for n := range data {
		if n == 0 {
			continue // no bytes are plain data of no bytes
		}
		if got, err := decodeBytes(bytes.NewReader(data[:n]), DefaultHTTPWindow); err == nil && compression.Detect(data[:n]) != compression.Plain {
			t.Errorf("cut after %d bytes: got %q", n, got)
		}
	}
	for bit := range 8 * len(data) {
		damaged := bytes.Clone(data)
		damaged[bit/8] ^= 1 << (bit % 8)
		if got, err := decodeBytes(bytes.NewReader(damaged), DefaultHTTPWindow); err == nil && compression.Detect(damaged) != compression.Plain && got != csvText {
			t.Errorf("bit %d: got %q", bit, got)
		}
	}
}

// wide returns text in UTF-16.
func wide(text string, order binary.AppendByteOrder) (data []byte) {
	for _, unit := range utf16.Encode([]rune(text)) {
		data = order.AppendUint16(data, unit)
	}
	return data
}

// wider returns text in UTF-32.
func wider(text string, order binary.AppendByteOrder) (data []byte) {
	for _, r := range text {
		data = order.AppendUint32(data, uint32(r))
	}
	return data
}

func tarOf(t *testing.T, format tar.Format) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	check(t, w.WriteHeader(&tar.Header{Name: "a.csv", Size: int64(len(csvText)), Mode: 0o644, Format: format}))
	_, err := io.WriteString(w, csvText)
	check(t, errors.Join(err, w.Close()))
	return buf.Bytes()
}

func TestForeignFormats(t *testing.T) {
	tests := []struct {
		want string
		data []byte
	}{
		{"xz-compressed", []byte("\xfd7zXZ\x00\x00\x04\xe6\xd6")},
		{"lz4-compressed", []byte("\x04\x22\x4d\x18\x64\x40")},
		{"compressed by compress(1)", []byte("\x1f\x9d\x90ab")},
		{"a tar archive", tarOf(t, tar.FormatUSTAR)},
		{"a tar archive", tarOf(t, tar.FormatGNU)},
		{"a tar archive", tarOf(t, tar.FormatPAX)},
		{"a Parquet file", []byte("PAR1\x15\x04\x15\x10")},
		{"an Excel workbook (xls)", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00")},
		{"an SQLite database", []byte("SQLite format 3\x00\x10\x00")},
		{"UTF-16 without a byte order mark", wide(csvText, binary.LittleEndian)},
		{"UTF-16 without a byte order mark", wide(csvText, binary.BigEndian)},
		{"UTF-16 without a byte order mark", wide("a,b\n", binary.LittleEndian)},
		{"UTF-32 without a byte order mark", wider(csvText, binary.LittleEndian)},
		{"UTF-32 without a byte order mark", wider(csvText, binary.BigEndian)},
		{"a zip archive", []byte("PK\x03\x04\x14\x00")},
	}
	for _, test := range tests {
		inputs := map[string][]byte{"": test.data, " in gzip": gz(t, string(test.data)), " in zstd": zst(t, string(test.data))}
		for where, data := range inputs {
			for _, reader := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.DataErrReader} {
				got, err := decodeBytes(reader(bytes.NewReader(data)), DefaultHTTPWindow)
				f, ok := errors.AsType[*FormatError](err)
				if !ok || !strings.HasPrefix(f.Format, test.want) || f.Hint == "" || !errors.Is(err, ErrContent) || strings.Contains(got, "\n") {
					t.Errorf("%s%s: got %q, %v", test.want, where, got, err)
				}
			}
			if where != "" || test.want == "a zip archive" {
				continue
			}
			f := settledFile(t, data)
			_, err := readPart(t, f)
			_, rangeErr := f.OpenRange(t.Context(), 0, int64(len(data)))
			for _, err := range []error{err, rangeErr, f.Err()} {
				if !errors.Is(err, ErrContent) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s in a file: got %v", test.want, err)
				}
			}
		}
		if strings.Contains(test.want, "UTF") {
			continue
		}
		for cut := range min(len(test.data), 300) { // a beginning is either not decided, or of the same format
			if err := refusal(test.data[:cut]); err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s cut after %d bytes: got %v", test.want, cut, err)
			}
		}
	}
}

// The content of a compressed file is examined before a range of it is counted.
func TestForeignContentOfRange(t *testing.T) {
	data := join(gz(t, string(tarOf(t, tar.FormatPAX))), gz(t, csvText))
	_, err := newFile(t, tempFile(t, "a.tar.gz", data)).OpenRange(t.Context(), 0, int64(len(data)))
	if f, ok := errors.AsType[*FormatError](err); !ok || f.Format != "a tar archive" {
		t.Errorf("got %v", err)
	}
}

// Text is not refused, whatever it begins with.
func TestTextIsNotRefused(t *testing.T) {
	for _, text := range []string{"", "a", "\n", "P", "PK", "PK,a\n", "PAR1,x\n", "ORC,x\n", "BZh", "BZh91AY,\n", "ustar\n", "LZIP,\n", "Obj,\n", "{\"a\":1}\n", "<html>\n",
		"\x00", "a\x00b\x00", "\x00\x00\x00\x00\x00\x00\x00", "a,\x00\x00,b\n", "7z\n", "Z*M,\n", "%PDF,\n", strings.Repeat("0", 2*headSize),
		strings.Repeat("patient,", 100)} {
		if got, err := decodeBytes(strings.NewReader(text), DefaultHTTPWindow); err != nil || got != text {
			t.Errorf("%.30q: got %q, %v", text, got, err)
		}
		if got, err := readPart(t, settledFile(t, []byte(text))); err != nil || got != text {
			t.Errorf("%.30q in a file: got %q, %v", text, got, err)
		}
	}
}

// A syntax error of text that resembles another format is explained.
func TestExplain(t *testing.T) {
	syntax := &parser.SyntaxError{Line: 1, Err: parser.ErrMissingColumn}
	other := errors.New("connection reset")
	for _, test := range []struct{ text, want string }{
		{csvText, ""},
		{"", ""},
		{"[patient],event\n", ""},
		{"{patient},event\n", ""},
		{"<patient>,event\n", ""},
		{`{"patient_id":"P1"}` + "\n", "probably JSON or NDJSON"},
		{"\ufeff{\n\"patient_id\": 1", "probably JSON or NDJSON"},
		{"[\n{", "probably JSON"},
		{`[ {"a": 1}]`, "probably JSON"},
		{"<!DOCTYPE html>\n", "probably HTML"},
		{" \n<HTML>", "probably HTML"},
		{"<?xml version='1.0'?>", "probably XML"},
	} {
		for how, data := range map[string][]byte{"plain": []byte(test.text), "gzip": gz(t, test.text)} {
			f := settledFile(t, data)
			_, err := readPart(t, f)
			check(t, err)
			if got := f.Info().Explain(syntax); test.want == "" && got != error(syntax) ||
				test.want != "" && (got.Error() != "not CSV: the data is "+test.want+": "+syntax.Error() || !errors.Is(got, parser.ErrMissingColumn)) {
				t.Errorf("%q, %s: got %v", test.text, how, got)
			}
			if got := f.Info().Explain(other); got != other {
				t.Errorf("%q, %s: got %v", test.text, how, got)
			}
		}
	}
}

// The first bytes of a pipe are passed on although more may decide the format.
func TestInspectorDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	s := newStream(r, nil)
	go io.WriteString(w, "patient_id")
	check(t, s.decodeSniffed(DefaultFileWindow))
	got := make([]byte, len("patient_id"))
	if _, err := io.ReadFull(s, got); err != nil || string(got) != "patient_id" {
		t.Errorf("got %q, %v", got, err)
	}
}

// Once the first bytes of compressed data are known, the parser gets windows of
// it.
func TestWindowsOfInspectedData(t *testing.T) {
	s, err := settledFile(t, gz(t, strings.Repeat(csvText, 1000))).Open(t.Context())
	check(t, err)
	defer func() { check(t, s.Close()) }()
	w := s.(parser.Windower)
	if data := w.Window(0); data != nil {
		t.Errorf("a window of %d bytes before the first bytes are known", len(data))
	}
	_, err = io.ReadFull(s, make([]byte, len(csvText)))
	check(t, err)
	if data := w.Window(0); !bytes.HasPrefix(data, []byte(csvText)) {
		t.Errorf("got %d bytes", len(data))
	}
}
