package plan

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fastcount/engine"
	"fastcount/internal/partial"
)

func written(t testing.TB, entries []Entry) *Plan {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, Rules{Dialect: Dialect{Delimiter: ";"}, Patient: Column{Number: 2}}, entries); err != nil {
		t.Fatal(err)
	}
	p, err := parse("", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// someDigest has the form of the digest of a file.
var someDigest = strings.Repeat("0123456789abcdef", 4)

// randomEntries returns plain files, some of them scanned, compressed files and
// downloads.
func randomEntries(r *rand.Rand, n int) (entries []Entry) {
	for i := range n {
		size := r.Int64N(1000)
		switch r.IntN(4) {
		case 0:
			entries = append(entries, Entry{Download: &Download{Export: "x", ID: fmt.Sprint(i), Rows: uint64(size)}, Weight: max(1, size*rowWeight)})
		case 1:
			entries = append(entries, Entry{File: &File{Digest: someDigest, Path: fmt.Sprint(i), Size: size, Cuts: Cuts{Whole: true}}, Weight: max(1, size*compressedWeight)})
		default:
			f := &File{Digest: someDigest, Path: fmt.Sprint(i), Size: size, Modified: time.Unix(int64(i), 7).UTC(), Cuts: Cuts{Scanned: r.IntN(2) == 0}}
			for at := int64(0); f.Scanned; f.Boundaries = append(f.Boundaries, at) {
				if at += 1 + r.Int64N(200); at >= size {
					break
				}
			}
			entries = append(entries, Entry{File: f, Weight: max(1, size)})
		}
	}
	return entries
}

// Shards of any number count every byte of every entry once, in order.
func TestShardsAreTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		p := written(t, randomEntries(r, 1+r.IntN(19)))
		n := 1 + r.IntN(40)
		counted := make(map[*Entry]int64) // up to which byte, or 1 for what cannot be cut
		end := int64(0)
		for i := range n {
			from, to := p.Interval(i, n)
			if from != end || to < from {
				t.Fatalf("shard %d of %d is from %d to %d, the last one ended at %d", i, n, from, to, end)
			}
			end = to
			for _, r := range p.Shard(i, n) {
				done := counted[r.Entry]
				switch {
				case r.To > 0 && (r.From != done || r.To > r.Entry.File.Size):
					t.Fatalf("shard %d of %d counts from %d to %d, up to %d was counted", i, n, r.From, r.To, done)
				case r.To == 0 && done != 0:
					t.Fatalf("shard %d of %d counts an entry again", i, n)
				case r.To > 0 && r.To < r.Entry.File.Size && r.Entry.File.Scanned && !slices.Contains(r.Entry.File.Boundaries, r.To):
					t.Fatalf("cut at %d, where no boundary was proved", r.To)
				}
				counted[r.Entry] = max(1, r.To)
			}
		}
		if end != p.Total {
			t.Fatalf("the last shard ends at %d of %d", end, p.Total)
		}
		for i := range p.Entries {
			u, want := &p.Entries[i], int64(1)
			if u.File != nil && !u.File.Whole {
				want = max(1, u.File.Size)
			}
			if counted[u] != want {
				t.Fatalf("of entry %d, %d was counted, want %d", i, counted[u], want)
			}
		}
	}
}

// Every shard numbers its entries as the plan does, and so does its result.
func TestEntryNumbers(t *testing.T) {
	p := written(t, randomEntries(rand.New(rand.NewPCG(5, 6)), 30))
	for i := range 40 {
		ranges, report := p.Shard(i, 40), new(engine.Report)
		for _, r := range ranges {
			if r.Number < 1 || r.Entry != &p.Entries[r.Number-1] {
				t.Errorf("shard %d: number %d is that of another entry", i, r.Number)
			}
			report.Parts = append(report.Parts, engine.PartReport{Name: fmt.Sprint(r.Number), Attempts: 1})
		}
		var b bytes.Buffer
		if err := p.WriteShard(&b, i, 40, report); err != nil {
			t.Fatal(err)
		}
		back, err := partial.NewReader(&b)
		if err == nil {
			_, _, err = back.Next()
		}
		if err != io.EOF {
			t.Fatal(err)
		}
		if n := len(back.Parts()); n != len(ranges) {
			t.Errorf("shard %d: %d parts, want %d", i, n, len(ranges))
		}
		for _, part := range back.Parts() {
			if part.Name != fmt.Sprint(part.Entry) {
				t.Errorf("shard %d: part %s has the entry %d", i, part.Name, part.Entry)
			}
		}
	}
}

func TestLargeNumbers(t *testing.T) {
	p := written(t, []Entry{{File: &File{Digest: someDigest, Path: "a", Size: 1 << 62}, Weight: 1 << 62}})
	if from, to := p.Interval(1<<30-1, 1<<30); from != 1<<62-1<<32 || to != 1<<62 {
		t.Errorf("got %d, %d", from, to)
	}
}

func TestPlanIsReadBack(t *testing.T) {
	entries := randomEntries(rand.New(rand.NewPCG(3, 4)), 50)
	p := written(t, entries)
	if !reflect.DeepEqual(p.Rules, Rules{Dialect: Dialect{Delimiter: ";"}, Patient: Column{Number: 2}}) || len(p.Entries) != 50 || len(p.ID) != 64 {
		t.Errorf("got %+v", p)
	}
	for i := range entries {
		if got, want := fmt.Sprintf("%+v %+v", p.Entries[i].File, p.Entries[i].Download), fmt.Sprintf("%+v %+v", entries[i].File, entries[i].Download); got != want {
			t.Fatalf("entry %d: got %s, want %s", i, got, want)
		}
	}
}

func BenchmarkShard(b *testing.B) {
	entries := make([]Entry, 100_000)
	for i := range entries {
		entries[i] = Entry{File: &File{Digest: someDigest, Path: fmt.Sprint(i), Size: 44 << 20}, Weight: 44 << 20}
	}
	p := written(b, entries)
	ranges := 0
	b.Run("of=1000000", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			ranges += len(p.Shard(i%1_000_000, 1_000_000))
		}
	})
	if ranges == 0 {
		b.Error("no shard has anything to count")
	}
}
