package plan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fastcount/engine"
	"fastcount/internal/partial"
)

func written(t testing.TB, units []Unit) *Plan {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, Rules{Delimiter: ";", Patient: Column{Number: 2}}, units); err != nil {
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

// randomUnits are files that can be cut, some scanned, compressed ones, and downloads.
func randomUnits(r *rand.Rand, n int) (units []Unit) {
	for i := range n {
		size := r.Int64N(1000)
		switch r.IntN(4) {
		case 0:
			units = append(units, Unit{Download: &Download{Export: "x", ID: fmt.Sprint(i), Rows: uint64(size)}, Weight: max(1, size*rowWeight)})
		case 1:
			units = append(units, Unit{File: &File{Digest: someDigest, Path: fmt.Sprint(i), Size: size, Whole: true}, Weight: max(1, size*compressedWeight)})
		default:
			f := &File{Digest: someDigest, Path: fmt.Sprint(i), Size: size, Modified: time.Unix(int64(i), 7).UTC(), Scanned: r.IntN(2) == 0}
			for at := int64(0); f.Scanned; f.Cuts = append(f.Cuts, at) {
				if at += 1 + r.Int64N(200); at >= size {
					break
				}
			}
			units = append(units, Unit{File: f, Weight: max(1, size)})
		}
	}
	return units
}

// However a plan is shared out, the shards count every byte of every unit once, in order.
func TestShardsAreTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		p := written(t, randomUnits(r, 1+r.IntN(19)))
		n := 1 + r.IntN(40)
		counted := make(map[*Unit]int64) // up to which byte, or 1 for what cannot be cut
		end := int64(0)
		for i := range n {
			from, to := p.Stretch(i, n)
			if from != end || to < from {
				t.Fatalf("shard %d of %d is from %d to %d, the last one ended at %d", i, n, from, to, end)
			}
			end = to
			for _, piece := range p.Shard(i, n) {
				done := counted[piece.Unit]
				switch {
				case piece.To > 0 && (piece.From != done || piece.To > piece.File.Size):
					t.Fatalf("shard %d of %d counts from %d to %d, up to %d was counted", i, n, piece.From, piece.To, done)
				case piece.To == 0 && done != 0:
					t.Fatalf("shard %d of %d counts a unit again", i, n)
				case piece.To > 0 && piece.To < piece.File.Size && piece.File.Scanned && !slices.Contains(piece.File.Cuts, piece.To):
					t.Fatalf("cut at %d, where no cut was proved", piece.To)
				}
				counted[piece.Unit] = max(1, piece.To)
			}
		}
		if end != p.Total {
			t.Fatalf("the last shard ends at %d of %d", end, p.Total)
		}
		for i := range p.Units {
			u, want := &p.Units[i], int64(1)
			if u.File != nil && !u.File.Whole {
				want = max(1, u.File.Size)
			}
			if counted[u] != want {
				t.Fatalf("of unit %d, %d was counted, want %d", i, counted[u], want)
			}
		}
	}
}

// Each piece has the number of its entry, in whatever shard it is, and so has
// its part in the result of the shard.
func TestEntriesOfPieces(t *testing.T) {
	p := written(t, randomUnits(rand.New(rand.NewPCG(5, 6)), 30))
	for i := range 40 {
		pieces, report := p.Shard(i, 40), new(engine.Report)
		for _, piece := range pieces {
			if piece.Entry < 1 || piece.Unit != &p.Units[piece.Entry-1] {
				t.Errorf("shard %d: entry %d is another one", i, piece.Entry)
			}
			report.Parts = append(report.Parts, engine.PartReport{Name: fmt.Sprint(piece.Entry), Attempts: 1})
		}
		var b bytes.Buffer
		if err := p.WriteShard(&b, i, 40, report); err != nil {
			t.Fatal(err)
		}
		_, back, err := partial.Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range back.Parts {
			if part.Name != fmt.Sprint(part.Entry) {
				t.Errorf("shard %d: part %s has the entry %d", i, part.Name, part.Entry)
			}
		}
	}
}

func TestLargeNumbers(t *testing.T) {
	p := written(t, []Unit{{File: &File{Digest: someDigest, Path: "a", Size: 1 << 62}, Weight: 1 << 62}})
	if from, to := p.Stretch(1<<30-1, 1<<30); from != 1<<62-1<<32 || to != 1<<62 {
		t.Errorf("got %d, %d", from, to)
	}
}

func TestPlanIsReadBack(t *testing.T) {
	units := randomUnits(rand.New(rand.NewPCG(3, 4)), 50)
	p := written(t, units)
	if p.Rules != (Rules{Delimiter: ";", Patient: Column{Number: 2}}) || len(p.Units) != 50 || len(p.ID) != 64 {
		t.Errorf("got %+v", p)
	}
	for i := range units {
		if got, want := fmt.Sprintf("%+v %+v", p.Units[i].File, p.Units[i].Download), fmt.Sprintf("%+v %+v", units[i].File, units[i].Download); got != want {
			t.Fatalf("unit %d: got %s, want %s", i, got, want)
		}
	}
}

func BenchmarkShard(b *testing.B) {
	units := make([]Unit, 100_000)
	for i := range units {
		units[i] = Unit{File: &File{Digest: someDigest, Path: fmt.Sprint(i), Size: 44 << 20}, Weight: 44 << 20}
	}
	p := written(b, units)
	pieces := 0
	b.Run("of=1000000", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			pieces += len(p.Shard(i%1_000_000, 1_000_000))
		}
	})
	if pieces == 0 {
		b.Error("no shard has anything to count")
	}
}
