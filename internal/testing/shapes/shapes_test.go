package shapes

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// sums are the SHA-256 hashes of 5,000 rows: several blocks, and more rows than
// there are event types.
var sums = map[string]string{
	"uuid":          "ae882e9309228c973172ccbad795027948c4bb47ba366f72a5ef7f3776e73d2c",
	"quoted":        "8e9e040cca757e6e3c114c544616237842277078dbc9c59d6406fc93cedcd474",
	"crlf":          "a384fbbabfa319d1da46ad95720b1dff473959e929b993bd6d4811456de73b47",
	"wide":          "5f095b385c241f4a397c8c8b3619683efe00e096085ab283045181e0f8b2491d",
	"many-patients": "29835d0e0b024c8d6ce0b8dfcc68c9a3b1f5d841ff32f80831d90e444e95452b",
	"many-events":   "b3f2fc47b8296a4123be979ef5b1a7c6f81d694c87366c3bc4b7e7ac1fa25c12",
}

// generated returns a shape with the given number of rows.
func generated(t testing.TB, name string, rows uint64) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := Write(&text, name, rows); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func TestNames(t *testing.T) {
	want := []string{"uuid", "quoted", "crlf", "wide", "many-patients", "many-events"}
	if got := Names(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBytes(t *testing.T) {
	for _, name := range Names() {
		sum := sha256.Sum256(generated(t, name, 5000))
		if got := hex.EncodeToString(sum[:]); got != sums[name] {
			t.Errorf("%s: got hash %s, want %s", name, got, sums[name])
		}
	}
}

// Rows are neither lost nor duplicated at the end of a block.
func TestPrefix(t *testing.T) {
	for _, name := range Names() {
		long := generated(t, name, 4000)
		for _, rows := range []uint64{0, 1, 2, 3999} {
			short := generated(t, name, rows)
			if !bytes.HasPrefix(long, short) || bytes.Count(short, []byte{'\n'}) != int(rows)+1 {
				t.Errorf("%s: %d rows are not the first of 4000", name, rows)
			}
		}
	}
}

// failing is a writer whose nth write fails.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, os.ErrClosed
	}
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	for n := range 3 {
		w := &failing{n}
		if err := Write(w, "crlf", 20_000); err != os.ErrClosed || w.left != -1 {
			t.Errorf("after %d writes: got error %v and %d further writes", n, err, -1-w.left)
		}
	}
	for _, c := range []struct {
		name string
		rows uint64
		want string
	}{
		{"none", 1, `shape "none": unknown; the shapes are uuid, quoted, crlf, wide, many-patients, many-events`},
		{"", 1, `shape "": unknown; the shapes are uuid, quoted, crlf, wide, many-patients, many-events`},
		{"uuid", maxRows + 1, `shape "uuid": 549755813889 rows: the limit is 549755813888`},
	} {
		var w bytes.Buffer
		if err := Write(&w, c.name, c.rows); err == nil || err.Error() != c.want || w.Len() != 0 {
			t.Errorf("%d rows of %q: got %v and %d bytes, want %s", c.rows, c.name, err, w.Len(), c.want)
		}
	}
}

func TestWriteFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.csv")
	for _, rows := range []uint64{9000, 10} { // the second replaces the first
		if err := WriteFile(file, "many-events", rows); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if want := generated(t, "many-events", rows); err != nil || !bytes.Equal(got, want) {
			t.Errorf("the file has %d bytes (%v), want %d", len(got), err, len(want))
		}
	}
	if err := WriteFile(filepath.Join(file, "a.csv"), "crlf", 1); err == nil {
		t.Error("got no error for a file in a directory that is a file")
	}
}

// go test -run '^$' -bench Write ./internal/testing/shapes
func BenchmarkWrite(b *testing.B) {
	const rows = 2_000_000
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, name, rows); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
