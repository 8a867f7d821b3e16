package mockserver

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// shapeSums are the hashes of 5,000 rows: several blocks, and more than the event types that there are.
var shapeSums = map[string]string{
	"uuid":          "ae882e9309228c973172ccbad795027948c4bb47ba366f72a5ef7f3776e73d2c",
	"quoted":        "8e9e040cca757e6e3c114c544616237842277078dbc9c59d6406fc93cedcd474",
	"crlf":          "a384fbbabfa319d1da46ad95720b1dff473959e929b993bd6d4811456de73b47",
	"wide":          "5f095b385c241f4a397c8c8b3619683efe00e096085ab283045181e0f8b2491d",
	"many-patients": "29835d0e0b024c8d6ce0b8dfcc68c9a3b1f5d841ff32f80831d90e444e95452b",
	"many-events":   "b3f2fc47b8296a4123be979ef5b1a7c6f81d694c87366c3bc4b7e7ac1fa25c12",
}

// shapeText returns a shape of so many rows.
func shapeText(t testing.TB, name string, rows uint64) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := WriteShape(&text, name, rows); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func TestShapes(t *testing.T) {
	want := []string{"uuid", "quoted", "crlf", "wide", "many-patients", "many-events"}
	if got := Shapes(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestShapeBytes(t *testing.T) {
	for _, name := range Shapes() {
		sum := newDigest()
		if err := WriteShape(sum, name, 5000); err != nil {
			t.Fatal(err)
		}
		if sum.String() != shapeSums[name] {
			t.Errorf("%s: %d bytes with hash %v, want %s", name, sum.size, sum, shapeSums[name])
		}
	}
}

// TestShapePrefix proves that rows are neither lost nor doubled where a block ends.
func TestShapePrefix(t *testing.T) {
	for _, name := range Shapes() {
		long := shapeText(t, name, 4000)
		for _, rows := range []uint64{0, 1, 2, 3999} {
			short := shapeText(t, name, rows)
			if !bytes.HasPrefix(long, short) || bytes.Count(short, []byte{'\n'}) != int(rows)+1 {
				t.Errorf("%s: %d rows are not the first of 4000", name, rows)
			}
		}
	}
}

func TestWriteShapeFails(t *testing.T) {
	for n := range 3 {
		w := &failing{n}
		if err := WriteShape(w, "crlf", 20_000); err != os.ErrClosed || w.left != -1 {
			t.Errorf("after %d writes: got error %v and %d further writes", n, err, -1-w.left)
		}
	}
	for _, c := range []struct {
		name    string
		rows    uint64
		unknown bool
	}{{"none", 1, true}, {"", 1, true}, {"uuid", maxShapeRows + 1, false}} {
		var w counter
		err := WriteShape(&w, c.name, c.rows)
		if err == nil || errors.Is(err, ErrNoShape) != c.unknown || w != 0 {
			t.Errorf("%d rows of %q: got %v and %d bytes", c.rows, c.name, err, w)
		}
	}
}

func TestGenerateShape(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	for _, rows := range []uint64{9000, 10} { // the second over the file of the first
		want, reports := shapeText(t, "many-events", rows), 0
		report := func(file string, n uint64, size int64) {
			reports++
			if file != filepath.Join(dir, "many-events.csv") || n != rows || size != int64(len(want)) {
				t.Errorf("reported were %s, %d rows, %d bytes", file, n, size)
			}
		}
		file, err := GenerateShape(context.Background(), "many-events", rows, dir, report)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) || reports != 1 {
			t.Errorf("the file has %d bytes (%v), want %d; it was reported %d times", len(got), err, len(want), reports)
		}
	}
	if all := names(t, dir); !slices.Equal(all, []string{"many-events.csv"}) {
		t.Errorf("the folder has %v", all)
	}
}

func TestGenerateShapeUnknown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if _, err := GenerateShape(context.Background(), "../x", 1, dir, nil); !errors.Is(err, ErrNoShape) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestGenerateShapeCancelled(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	file, err := GenerateShape(ctx, "wide", 1, dir, func(string, uint64, int64) { t.Error("a file was reported") })
	if !errors.Is(err, context.Canceled) || file != "" {
		t.Errorf("got %q, %v", file, err)
	}
	if all := names(t, dir); len(all) > 0 {
		t.Errorf("the folder has %v", all)
	}
}

func TestGenerateShapeFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "crlf.csv", "full"), 0o700); err != nil { // no file can replace it
		t.Fatal(err)
	}
	if _, err := GenerateShape(context.Background(), "crlf", 1, dir, nil); err == nil {
		t.Error("a folder was replaced")
	}
	if all := names(t, dir); !slices.Equal(all, []string{"crlf.csv"}) {
		t.Errorf("the folder has %v", all)
	}
}

// go test -run '^$' -bench Shape ./mockserver
func BenchmarkShape(b *testing.B) {
	const rows = 2_000_000
	for _, name := range Shapes() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var size counter
				if err := WriteShape(&size, name, rows); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(size))
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
