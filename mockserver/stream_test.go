package mockserver

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"fastcount/internal/testing/proof"
)

// reference is a line of testdata/streams.tsv: metadata and data of a download
// of the reference server.
type reference struct {
	export           string
	index            int
	id               string
	rows             uint64
	size             int64
	sum              string
	patients, events string
	start, end       string
}

func references(t testing.TB) []reference {
	t.Helper()
	text, err := os.ReadFile("testdata/streams.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []reference
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if f[0] != "export" {
			all = append(all, reference{
				f[0], int(integer(t, f[1])), f[2], uint64(integer(t, f[3])), integer(t, f[4]), f[5], f[6], f[7], f[8], f[9],
			})
		}
	}
	return all
}

func integer(t testing.TB, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (r reference) download(t testing.TB) Download {
	t.Helper()
	return lookup(Builtin(), r.export).Downloads[r.index]
}

// digest is a writer that computes the size and the hash of its input.
type digest struct {
	hash.Hash
	size int64
}

func newDigest() *digest { return &digest{Hash: sha256.New()} }

func (d *digest) Write(p []byte) (int, error) {
	d.size += int64(len(p))
	return d.Hash.Write(p)
}

func (d *digest) String() string { return hex.EncodeToString(d.Sum(nil)) }

func TestRegistry(t *testing.T) {
	const layout = "2006-01-02T15:04:05"
	for _, want := range references(t) {
		got := want.download(t)
		if got.ID != want.id || got.Rows != want.rows || strings.Join(got.Patients, ",") != want.patients ||
			strings.Join(got.Events, ",") != want.events ||
			got.Start.Format(layout) != want.start || got.End.Format(layout) != want.end {
			t.Errorf("%s %d: got %+v, want %+v", want.export, want.index, got, want)
		}
	}
}

func TestRegistryTotals(t *testing.T) {
	want := map[string]struct {
		downloads int
		rows      uint64
	}{"demo": {2, 18_784}, "small": {10, 7_083_793}, "large": {20, 153_630_201}}
	for _, e := range Builtin() {
		var rows uint64
		for _, d := range e.Downloads {
			rows += d.Rows
		}
		if got := len(e.Downloads); got != want[e.ID].downloads || rows != want[e.ID].rows {
			t.Errorf("%s has %d downloads with %d rows, want %+v", e.ID, got, rows, want[e.ID])
		}
	}
}

// TestStream compares whole streams with those of the reference server. Of
// small, it compares the first one, and all in a long run.
func TestStream(t *testing.T) {
	for _, want := range references(t) {
		if want.export == "small" && want.index >= proof.Bound(1, 10) {
			continue
		}
		t.Run(want.export+"/"+strconv.Itoa(want.index), func(t *testing.T) {
			got := newDigest()
			if err := want.download(t).Body(got); err != nil {
				t.Fatal(err)
			}
			if got.size != want.size || got.String() != want.sum {
				t.Errorf("got %d bytes with hash %v, want %d with %s", got.size, got, want.size, want.sum)
			}
		})
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

func TestStreamStopsAtAnError(t *testing.T) {
	body := lookup(Builtin(), "large").Downloads[0].Body
	for n := range 3 {
		w := &failing{n}
		if err := body(w); err != os.ErrClosed || w.left != -1 {
			t.Errorf("after %d writes: got error %v and %d further writes", n, err, -1-w.left)
		}
	}
}

func TestClock(t *testing.T) {
	var c clock
	for _, at := range []string{
		"2025-08-26T00:00:04.906404Z", "2025-08-26T00:00:07Z", "2025-08-26T00:00:07.000001Z", "2025-08-26T00:59:59.999999Z",
		"2025-08-26T01:00:00Z", "2025-12-31T23:59:59.5Z", "2026-01-01T00:00:00Z", "2024-02-29T12:34:56.000100Z",
	} {
		moment, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			t.Fatal(err)
		}
		want := moment.Format("2006-01-02T15:04:05.000000Z,")
		want = strings.Replace(want, ".000000", "", 1)
		var dst [timeSize]byte
		if n := c.put(&dst, moment.UnixMicro()); string(dst[:n]) != want {
			t.Errorf("got %s, want %s", dst[:n], want)
		}
	}
}

// TestMicroseconds compares with results of timedelta(seconds=…) in Python. The
// last four differ if whole seconds are not split off before rounding.
func TestMicroseconds(t *testing.T) {
	for _, c := range []struct {
		seconds float64
		want    int64
	}{
		{0, 0},
		{0.0000005, 0},         // half, to even
		{0.0000015, 2},         // half, to even
		{2.5 / (1 << 20), 2},   // 2.384… µs
		{6.9999999, 7_000_000}, // carry into the seconds
		{math.Nextafter(7, 0), 7_000_000},
		{4.906404, 4_906_404},
		{1.9891735, 1_989_173},
		{4.7706045, 4_770_605},
		{4.9614805, 4_961_481},
		{6.4659585, 6_465_959},
	} {
		if got := microseconds(c.seconds); got != c.want {
			t.Errorf("microseconds(%v) = %d, want %d", c.seconds, got, c.want)
		}
	}
}

// go test -run '^$' -bench Stream ./mockserver
func BenchmarkStream(b *testing.B) {
	want := references(b)[2]
	d := want.download(b)
	sum := newDigest()
	if err := d.Body(sum); err != nil || sum.String() != want.sum {
		b.Fatalf("got hash %v and error %v, want %s", sum, err, want.sum)
	}
	sizes := int64(0)
	b.SetBytes(want.size)
	b.ReportAllocs()
	for b.Loop() {
		var w counter
		if err := d.Body(&w); err != nil {
			b.Fatal(err)
		}
		sizes += int64(w)
	}
	if sizes != want.size*int64(b.N) {
		b.Fatalf("%d bytes in %d streams, want %d in each", sizes, b.N, want.size)
	}
	b.ReportMetric(float64(want.rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

// counter is a writer that counts bytes.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
