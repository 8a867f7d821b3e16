package fused_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"fastcount/internal/fused"
	"fastcount/internal/testing/guarded"
)

// Count accesses nothing before the data or after the slack, which inaccessible
// pages surround. The slack is filled with structural characters, which must
// not affect the result.
func TestStaysWithinTheSlack(t *testing.T) { eachKernel(t, testStaysWithinTheSlack) }

func testStaysWithinTheSlack(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, set := range slices.Sorted(maps.Keys(sets)) {
		names := sets[set]
		arena := guarded.Memory(t, 4096)
		for _, before := range []bool{false, true} {
			for _, name := range slices.Sorted(maps.Keys(forms)) {
				form := forms[name]
				k := newKnown(t, names[0], names[1])
				for range 300 {
					layout, text := layout, records(rng, k, 1+rng.IntN(30), form, rng.IntN(30))
					if rng.IntN(4) == 0 {
						layout = fused.Layout{Delimiter: ',', Width: 20, First: 11, Second: 4}
						text = wideRecords(rng, 20, 11, 4, "\n")
					}
					text = text[:min(len(text), len(arena)-fused.Slack)]
					memory := arena[:len(text)+fused.Slack]
					if before {
						memory = arena[len(arena)-len(text)-fused.Slack:]
					}
					copy(memory[copy(memory, text):], strings.Repeat("P1,t,bp,1\n\"\r", fused.Slack))
					used, rows := fused.New(layout, isHeader).Count(memory[:len(text)], len(text), k.first, k.second, k.counts, k.stride)
					wantUsed, wantRows := fused.New(layout, isHeader).Count(padded(text), len(text), k.first, k.second, k.counts, k.stride)
					if used != wantUsed || rows != wantRows {
						t.Fatalf("%q: %d bytes and %d rows, elsewhere %d and %d", text, used, rows, wantUsed, wantRows)
					}
				}
			}
		}
	}
}
