package sources

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
)

func TestPlainRanges(t *testing.T) {
	f := newFile(t, tempFile(t, "a.csv", []byte(csvText)))
	for from := range len(csvText) + 1 {
		if at, err := f.Boundary(t.Context(), int64(from)); at != int64(from) || err != nil {
			t.Errorf("cut at %d: %d, %v", from, at, err)
		}
		s, err := f.OpenRange(t.Context(), int64(from), int64(len(csvText)))
		check(t, err)
		if got, err := drain(s); got != csvText[from:] || err != nil {
			t.Errorf("from %d: %q, %v", from, got, err)
		}
		if limitOf(s) != int64(len(csvText)-from) {
			t.Errorf("from %d: the next range begins at %d", from, limitOf(s))
		}
		check(t, s.Close())
	}
}

// memberFile returns a compressed file of the given texts, one member each, and
// the offsets of the members.
func memberFile(compress func(testing.TB, string) []byte, t testing.TB, texts []string) (data []byte, begins []int64) {
	for _, text := range texts {
		begins = append(begins, int64(len(data)))
		data = append(data, compress(t, text)...)
	}
	return data, begins
}

// For every pair of members of a file, the range from one to the other has
// their text and its limit lies between them. The cut after any byte is the
// next member.
func TestMemberRanges(t *testing.T) {
	texts := []string{"patient_id,event", "_type\nP1,a\n", "", "P2,b\nP", "3,c\n", strings.Repeat("P4,d\n", 30_000)}
	for name, compress := range map[string]func(testing.TB, string) []byte{"a.gz": gz, "a.zst": zst} {
		t.Run(name, func(t *testing.T) {
			data, begins := memberFile(compress, t, texts)
			f := newFile(t, tempFile(t, name, data))
			ends := append(begins[1:], int64(len(data)))
			for at := range int64(len(data)) {
				i, _ := slices.BinarySearch(begins, at)
				want := append(begins, int64(len(data)))[i]
				if got, err := f.Boundary(t.Context(), at); got != want || err != nil {
					t.Fatalf("cut at %d: got %d, %v, want %d", at, got, err, want)
				}
			}
			for from := range begins {
				for to := from; to < len(ends); to++ {
					s, err := f.OpenRange(t.Context(), begins[from], ends[to])
					check(t, err)
					if got, err := drain(s); got != strings.Join(texts[from:], "") || err != nil {
						t.Fatalf("members %d to %d: %d bytes, %v", from, to, len(got), err)
					}
					if want := len(strings.Join(texts[from:to+1], "")); limitOf(s) != int64(want) {
						t.Errorf("members %d to %d: the limit is %d, want %d", from, to, limitOf(s), want)
					}
					check(t, s.Close())
				}
			}
		})
	}
}

// The limit of a range is known no later than the byte after it.
func TestLimitIsKnownInTime(t *testing.T) {
	data, begins := memberFile(gz, t, []string{"abc", "defg", "h"})
	s, err := newFile(t, tempFile(t, "a.gz", data)).OpenRange(t.Context(), 0, begins[1])
	check(t, err)
	defer func() { check(t, s.Close()) }()
	buf := make([]byte, 1)
	for given := int64(0); ; {
		n, err := s.Read(buf)
		if given += int64(n); given > 3 && limitOf(s) != 3 || given < 3 && limitOf(s) != math.MaxInt64 {
			t.Fatalf("after %d bytes the limit is %d", given, limitOf(s))
		}
		if err == io.EOF {
			return
		}
		check(t, err)
	}
}

func TestRangeOfDamagedMembers(t *testing.T) {
	data, begins := memberFile(gz, t, []string{csvText, csvText, csvText})
	read := func(data []byte, from, to int64) error {
		s, err := newFile(t, tempFile(t, "a.gz", data)).OpenRange(t.Context(), from, to)
		check(t, err)
		_, err = drain(s)
		return errors.Join(err, s.Close())
	}
	if err := read(data, 0, begins[1]-1); !errors.Is(err, ErrTruncated) {
		t.Errorf("a range that ends within a member: got %v", err)
	}
	wrong := slices.Clone(data)
	wrong[begins[2]-5] ^= 1
	if err := read(wrong, begins[1], begins[2]); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a wrong checksum: got %v", err)
	}
	padded := slices.Insert(slices.Clone(data), int(begins[1]), make([]byte, 7)...)
	if err := read(padded, 0, begins[1]+7); !errors.Is(err, ErrCorrupt) {
		t.Errorf("zeros between members: got %v", err)
	}
	if err := read(append(slices.Clone(data), 0, 0), begins[2], int64(len(data))+2); err != nil {
		t.Errorf("zeros after the last member: got %v", err)
	}
}

// split is a file that must be counted in ranges: Open returns an error.
type split struct{ *File }

func (s split) Open(context.Context) (io.ReadCloser, error) {
	return nil, errors.New("opened as a whole")
}

// Counting files of many members with records across them in ranges gives the
// same result as counting a file of one member.
func TestCountMembers(t *testing.T) {
	rows := make([]string, 2000)
	for i := range rows {
		rows[i] = fmt.Sprintf("P%d,2026,%s,%d\n", i*i%37, []string{"a", "bb", "ccc"}[i%3], i)
	}
	text := "patient_id,event_time,event_type,value\n" + strings.Join(rows, "")
	want := count(t, newFile(t, tempFile(t, "a.csv", []byte(text))), 1)
	var texts []string
	for chunk := range slices.Chunk([]byte(text), 701) {
		texts = append(texts, string(chunk))
	}
	for name, compress := range map[string]func(testing.TB, string) []byte{"a.gz": gz, "a.zst": zst} {
		data, _ := memberFile(compress, t, texts)
		for _, rangeSize := range []int64{1, 500, 3000} {
			got := count(t, split{newFile(t, tempFile(t, name, data))}, rangeSize)
			if fmt.Sprint(got.Keys, got.Groups, got.Counts, got.Bytes) != fmt.Sprint(want.Keys, want.Groups, want.Counts, want.Bytes) {
				t.Errorf("%s in ranges of %d: got %+v, want %+v", name, rangeSize, got, want)
			}
			if p := got.Parts[0]; p.Verified != engine.ProofLength || p.RawBytes != uint64(len(data)) || p.Rows != 2000 {
				t.Errorf("%s: reported as %+v", name, p)
			}
		}
	}
}

func count(t *testing.T, part engine.Part, rangeSize int64) *engine.Report {
	t.Helper()
	report, err := engine.Run(t.Context(), []engine.Part{part}, engine.Config{Jobs: 3, RangeSize: rangeSize})
	check(t, err)
	return report
}

// A gzip member that is stored in the data of another one is found and can be
// decoded. It must not be counted by itself.
func TestMemberInsideAMember(t *testing.T) {
	var inner []byte
	for i := 0; inner == nil || bytes.ContainsAny(inner, "\n\r,\""); i++ {
		inner = gz(t, fmt.Sprint(i)+strings.Repeat("\nP9,t,a,1", readSize/8))
	}
	text := csvText + strings.Repeat("P1,t,a,"+string(inner)+"\n", 5)
	var outer bytes.Buffer
	w, err := gzip.NewWriterLevel(&outer, gzip.NoCompression)
	check(t, err)
	_, err = w.Write([]byte(text))
	check(t, errors.Join(err, w.Close()))

	f := newFile(t, tempFile(t, "a.gz", outer.Bytes()))
	if at, err := f.Boundary(t.Context(), 1); int(at) != bytes.Index(outer.Bytes(), inner) || err != nil {
		t.Fatalf("cut: got %d, %v; the test needs bytes that look like a member", at, err)
	}
	for _, rangeSize := range []int64{1, 50, 200} {
		if got := count(t, f, rangeSize); fmt.Sprint(got.Keys[0]) != "[P1 P2]" || got.Rows != 7 {
			t.Errorf("ranges of %d: got %v and %d rows", rangeSize, got.Keys[0], got.Rows)
		}
	}
}

// limitOf returns where the range after that of a stream begins.
func limitOf(s io.Reader) int64 { return s.(interface{ Info() engine.StreamInfo }).Info().Limit }
