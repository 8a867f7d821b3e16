package plan_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fastcount/internal/plan"
)

// whole returns entries that are not split, of these weights.
func whole(weights ...int64) (entries []plan.Entry) {
	for i, w := range weights {
		f := &plan.File{Path: fmt.Sprint(i), Size: w, Modified: time.Unix(0, 0).UTC(), Digest: strings.Repeat("0", 64)}
		f.Whole = true
		entries = append(entries, plan.Entry{File: f, Weight: w})
	}
	return entries
}

// readPlan returns the plan of entries, after changing its text.
func readPlan(t *testing.T, entries []plan.Entry, change func(text []byte) []byte) *plan.Plan {
	t.Helper()
	var text bytes.Buffer
	if err := plan.Write(&text, plan.Rules{}, entries); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "plan")
	if err := os.WriteFile(path, change(text.Bytes()), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := plan.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func same(text []byte) []byte { return text }

// Each of n entries that are not split is in a shard of its own, if there are n
// shards and their weights are similar. Two always are.
func TestEntriesAreInDifferentShards(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n, most := 2, int64(1000_000)
		if r.IntN(2) > 0 {
			n, most = 2+r.IntN(20), 1020
		}
		var weights []int64
		for range n {
			weights = append(weights, 1000+r.Int64N(most-999))
		}
		p := readPlan(t, whole(weights...), same)
		for i := range n {
			if shard := p.Shard(i, n); len(shard) != 1 || shard[0].Number != i+1 {
				t.Errorf("weights %v: shard %d is %+v", weights, i, shard)
			}
		}
	}
}

// Every entry is in exactly one shard, whatever the number of shards is, also
// in plans of version 1, in which an entry is in the shard in which it begins.
func TestEntriesAreInOneShard(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		var weights []int64
		for range 1 + r.IntN(9) {
			weights = append(weights, 1+r.Int64N(1+r.Int64N(30)))
		}
		for version, change := range []func([]byte) []byte{same, asVersion1} {
			p := readPlan(t, whole(weights...), change)
			for n := 1; n < 40; n++ {
				next := 1
				for i := range n {
					for _, e := range p.Shard(i, n) {
						if e.Number != next {
							t.Fatalf("weights %v, %d shards: got entry %d, want %d", weights, n, e.Number, next)
						}
						next++
					}
				}
				if next != len(weights)+1 {
					t.Fatalf("version %d, weights %v, %d shards: %d entries", 2-version, weights, n, next-1)
				}
			}
		}
	}
}

// asVersion1 returns the text of a plan as version 1 had it.
func asVersion1(text []byte) []byte {
	return resigned(bytes.Replace(text, []byte(`"version":2`), []byte(`"version":1`), 1))
}

// A plan of version 1 has the shards that it had, since shards of it may have
// been counted.
func TestVersion1(t *testing.T) {
	p := readPlan(t, whole(40, 60), asVersion1)
	if first, second := p.Shard(0, 2), p.Shard(1, 2); len(first) != 2 || len(second) != 0 {
		t.Errorf("got %v and %v", first, second)
	}
}

func TestMaxShards(t *testing.T) {
	const piece = 64 << 20
	plain := func(size int64) plan.Entry {
		return plan.Entry{File: &plan.File{Path: "plain", Size: size}, Weight: max(1, size)}
	}
	for _, c := range []struct {
		entries []plan.Entry
		want    int
	}{
		{whole(5), 1},
		{whole(5, 5), 2},
		{whole(40, 60), 2},
		{whole(1, 1, 100), 2},
		{whole(10, 10, 10, 10), 4},
		{[]plan.Entry{plain(0)}, 1},
		{[]plan.Entry{plain(100)}, 1},
		{[]plan.Entry{plain(10 * piece)}, 10},
		{[]plan.Entry{plain(10*piece + 1)}, 11},
		{append(whole(5*piece), plain(10*piece)), 3},
	} {
		p := plan.Plan{Entries: c.entries}
		for _, e := range c.entries {
			p.Total += e.Weight
		}
		if got := p.MaxShards(); got != c.want {
			t.Errorf("%d entries of weight %d: got %d, want %d", len(c.entries), p.Total, got, c.want)
		}
	}
}

// resigned corrects the checksum of a plan.
func resigned(text []byte) []byte {
	covered, _, _ := bytes.Cut(text, []byte(`"sha256"`))
	return fmt.Appendf(bytes.Clone(covered), "\"sha256\":\"%x\"}\n", sha256.Sum256(covered))
}
