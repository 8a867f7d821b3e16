package fused_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fastcount/internal/fused"
)

// guarded returns size bytes that begin immediately after an inaccessible page,
// or end immediately before one.
func guarded(t *testing.T, size int, before bool) []byte {
	t.Helper()
	page := syscall.Getpagesize()
	pages := (size+page-1)/page*page + 2*page
	all, err := syscall.Mmap(-1, 0, pages, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{all[:page], all[pages-page:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	if before {
		return all[pages-page-size : pages-page : pages-page]
	}
	return all[page : page+size : pages-page]
}

// Count accesses nothing before the data or after the slack, which inaccessible
// pages surround. The slack is filled with structural characters, which must
// not affect the result.
func TestStaysWithinTheSlack(t *testing.T) {
	skipUnlessAvailable(t)
	rng := rand.New(rand.NewPCG(5, 6))
	for _, set := range slices.Sorted(maps.Keys(sets)) {
		names := sets[set]
		for _, before := range []bool{false, true} {
			arena := guarded(t, 4096, before)
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
