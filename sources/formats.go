package sources

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"

	"fastcount/internal/compression"
	"fastcount/parser"
)

// A FormatError is returned for data in a format that is not read. It matches
// [ErrContent].
type FormatError struct {
	Format string // as in "the data is ...": such as "xz-compressed" or "a tar archive"
	Hint   string // what to do, as an imperative sentence
}

func (e *FormatError) Error() string { return "not CSV: the data is " + e.Format }

// Is implements the matching of [errors.Is].
func (e *FormatError) Is(target error) bool { return target == ErrContent }

// foreign is a format that is recognized in order to name it.
type foreign struct {
	magic string // the first bytes
	FormatError
}

// binaryFormats are recognized for certain: their first bytes hold a control
// character.
var binaryFormats = []foreign{
	{"\xfd7zXZ\x00", decompressedBy("xz-compressed", "xz -dc")},
	{"\x04\x22\x4d\x18", decompressedBy("lz4-compressed", "lz4 -dc")},
	{"LZIP\x01", decompressedBy("lzip-compressed", "lzip -dc")},
	{"\x1f\x9d", decompressedBy("compressed by compress(1)", "gzip -dc")},
	{"7z\xbc\xaf\x27\x1c", FormatError{"a 7z archive", "extract it with 7z x FILE, and count the files"}},
	{"Rar!\x1a\x07", FormatError{"a RAR archive", "extract it with unrar x FILE, and count the files"}},
	{"PAR1\x15", queried("a Parquet file", "parquet")},
	{"ARROW1\x00\x00", queried("an Arrow file", "arrow")},
	{"Obj\x01", queried("an Avro file", "avro")},
	{"SQLite format 3\x00", FormatError{"an SQLite database", "count a table with: sqlite3 -csv -header FILE 'SELECT * FROM TABLE' | fastcount -"}},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FormatError{"an Excel workbook (xls) or another OLE file", "save the sheet as CSV, and count that"}},
}

// decompressedBy returns the error for data that a command can decompress.
func decompressedBy(format, command string) FormatError {
	return FormatError{format, fmt.Sprintf("decompress it on the way with --pre '%s'", command)}
}

// queried returns the error for a file that DuckDB can read.
func queried(format, extension string) FormatError {
	return FormatError{format, fmt.Sprintf(`convert it, such as with: duckdb -csv -c "FROM 'FILE.%s'" | fastcount -`, extension)}
}

// refusal returns the error for data that begins with head and is certainly not
// CSV, or nil.
func refusal(head []byte) error {
	for _, f := range binaryFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return &f.FormatError
		}
	}
	if isTar(head) {
		return &FormatError{"a tar archive", "count one file in it with: tar -xOf FILE NAME | fastcount -; or unpack it, and count the files"}
	}
	if encoding := wideEncoding(head); encoding != "" {
		return &FormatError{strings.TrimRight(encoding, "LBE") + " without a byte order mark",
			fmt.Sprintf("convert it on the way with --pre 'iconv -f %s -t UTF-8'", encoding)}
	}
	return nil
}

// errZip is returned for a zip archive that is not a file.
var errZip = &FormatError{"a zip archive", "save it as a file of its own, and count that: the directory of a zip archive is at its end"}

// errTwice is returned for compressed data within compressed data.
var errTwice = &FormatError{"compressed twice", "decompress it once on the way, such as with --pre 'gzip -dc'"}

// Offsets of fields in the first block of a tar archive (POSIX, pax), which
// holds a file name first.
const (
	tarSum     = 148
	tarSumSize = 8
	tarBlock   = 512
)

// isTar reports whether head is the first block of a tar archive: with its
// checksum, which includes the field of the checksum as blanks. Archives of all
// versions have one.
func isTar(head []byte) bool {
	if len(head) < tarBlock || bytes.IndexByte(head, 0) < 0 {
		return false
	}
	field := strings.Trim(string(head[tarSum:tarSum+tarSumSize]), " \x00")
	want, err := strconv.ParseInt(field, 8, 32)
	if err != nil {
		return false
	}
	sum := int64(' ' * tarSumSize)
	for i, c := range head[:tarBlock] {
		if i < tarSum || i >= tarSum+tarSumSize {
			sum += int64(c)
		}
	}
	return sum == want
}

// wideEncoding returns UTF-16LE, UTF-16BE, UTF-32LE or UTF-32BE if head begins
// with characters of ASCII in that encoding, and otherwise the empty string.
// Two characters of UTF-32 or three of UTF-16 suffice: NUL is valid in CSV, but
// does not occur in such a regular order.
func wideEncoding(head []byte) string {
	head = head[:min(len(head), 8)]
	if bytes.IndexByte(head, 0) < 0 {
		return ""
	}
	var zeros strings.Builder
	for _, c := range head {
		if c == 0 {
			zeros.WriteByte('0')
		} else {
			zeros.WriteByte('x')
		}
	}
	for _, e := range []struct{ zeros, name string }{
		{"x000x000", "UTF-32LE"}, {"000x000x", "UTF-32BE"}, {"x0x0x0", "UTF-16LE"}, {"0x0x0x", "UTF-16BE"},
	} {
		if strings.HasPrefix(zeros.String(), e.zeros) {
			return e.name
		}
	}
	return ""
}

// resemblance returns the error for text that begins with head and is probably
// not CSV, or nil. It explains why the text cannot be parsed: with some
// dialects it can be.
func resemblance(head []byte) *FormatError {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	if len(head) == 0 || !strings.ContainsRune("<[{", rune(head[0])) {
		return nil
	}
	text := strings.ToLower(string(head))
	rest := strings.TrimLeft(text[min(1, len(text)):], " \t\r\n")
	switch {
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return &FormatError{"probably HTML", htmlHint}
	case strings.HasPrefix(text, "<?xml"):
		return &FormatError{"probably XML", "convert it to CSV first"}
	case strings.HasPrefix(text, "[") && (rest == "" || rest[0] == '{' || rest[0] == '['):
		return &FormatError{"probably JSON", jsonHint}
	case strings.HasPrefix(text, "{") && (rest == "" || rest[0] == '"'):
		return &FormatError{"probably JSON or NDJSON", ndjsonHint}
	}
	return nil
}

const (
	htmlHint   = "check that this is the address of the data and not of a page, such as a login or an error"
	jsonHint   = `convert it, such as with: jq -r '["patient_id","event_type"],(.[]|[.patient_id,.event_type])|@csv' FILE | fastcount -`
	ndjsonHint = `convert it, such as with: jq -nr '["patient_id","event_type"],(inputs|[.patient_id,.event_type])|@csv' FILE | fastcount -`
)

// explainer explains errors of data that resembles another format.
type explainer struct {
	seems atomic.Pointer[FormatError] // what the data of the last stream seems to be, or nil
}

// explain returns err, preceded by what the data seems to be instead of CSV if
// err is a syntax error.
func (e *explainer) explain(err error) error {
	seems := e.seems.Load()
	if _, ok := errors.AsType[*parser.SyntaxError](err); !ok || seems == nil {
		return err
	}
	return &explained{seems, err}
}

// deliver returns a stream that Open has opened, unless there is an error.
func (e *explainer) deliver(s *stream, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	s.seems = &e.seems
	return s, nil
}

// explained is an error with what the data seems to be.
type explained struct {
	seems *FormatError
	err   error
}

func (e *explained) Error() string   { return e.seems.Error() + ": " + e.err.Error() }
func (e *explained) Unwrap() []error { return []error{e.seems, e.err} }

// recognition is what the first bytes of data show.
type recognition struct {
	format    compression.Format
	refused   error        // why the data cannot be counted, or nil
	resembles *FormatError // what the data seems to be instead of CSV, or nil
}

// recognize recognizes data that begins with head.
func recognize(head []byte) recognition {
	if f := compression.Detect(head); f != compression.Plain {
		return recognition{format: f}
	}
	return recognition{refused: refusal(head), resembles: resemblance(head)}
}

// headSize is the number of bytes that identify every format.
const headSize = 512

// readHead reads until it has headSize bytes or the end of a line, or r fails.
// No format is recognized by what follows a line feed.
func readHead(r io.Reader) (head []byte, err error) {
	buf := make([]byte, headSize)
	n := 0
	for n < headSize && err == nil && bytes.IndexByte(buf[:n], '\n') < 0 {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return buf[:n], err
}

// inspector reads r, and refuses data whose first bytes are those of another
// format. It passes on bytes that do not decide yet, since more may not come
// soon; no record ends in them.
type inspector struct {
	r     io.Reader
	head  []byte
	done  bool
	err   error
	found func(recognition) error // called once; returns why the data is refused
}

func (i *inspector) Read(p []byte) (int, error) {
	if i.err != nil {
		return 0, i.err
	}
	n, err := i.r.Read(p)
	if i.done {
		return n, err
	}
	i.head = append(i.head, p[:min(n, headSize-len(i.head))]...)
	c := recognize(i.head)
	i.done = c.format != compression.Plain || c.refused != nil || len(i.head) == headSize || bytes.IndexByte(i.head, '\n') >= 0 || err != nil
	if i.done && (err == nil || err == io.EOF) {
		i.err = i.found(c)
	}
	if i.err != nil {
		return 0, i.err
	}
	return n, err
}

// Window implements [parser.Windower]. There are windows once the first bytes
// have been inspected.
func (i *inspector) Window(unread int) []byte {
	w, ok := i.r.(parser.Windower)
	if !ok || !i.done || i.err != nil {
		return nil
	}
	return w.Window(unread)
}
