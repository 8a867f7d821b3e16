package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"fastcount/engine"
)

// BenchmarkPairs counts in memory, with one worker, rows over more and more pairs of patient and event type at random: no
// step between a dense and a sparse table, nor at the edge of a cache, should be a cliff. What it costs to see each
// name for the first time and to sort the report is in the figures.
//
//	go test -run='^$' -bench=Pairs -benchtime=3x ./bench
func BenchmarkPairs(b *testing.B) {
	for _, n := range [][2]int{{5, 2}, {50, 2}, {250, 4}, {2500, 4}, {25_000, 4}, {250_000, 4}, {100, 100}, {1000, 100}, {1000, 1000}, {1_000_000, 4}, {10_000, 1000}} {
		patients, events := n[0], n[1]
		s := randomPairs(patients, events, pairRows)
		b.Run(fmt.Sprintf("pairs=%d/patients=%d/events=%d", patients*events, patients, events), func(b *testing.B) {
			for b.Loop() {
				r, err := engine.Run(b.Context(), []engine.Part{memory{s, 1}}, engine.Config{})
				if err != nil {
					b.Fatal(err)
				}
				if r.Rows != uint64(s.rows) {
					b.Fatalf("%d rows, want %d", r.Rows, s.rows)
				}
			}
			report(b, s)
		})
	}
}

// pairRows are enough for most patients to occur, and few enough for a test.
const pairRows = 2_000_000

// randomPairs returns rows of which each has one of so many patients and event types, at random.
func randomPairs(patients, events, rows int) shape {
	rng := rand.New(rand.NewPCG(1, 2))
	data := []byte("patient_id,event_time,event_type,value\n")
	for range rows {
		data = append(data, 'P')
		data = strconv.AppendInt(data, int64(rng.IntN(patients)), 10)
		data = append(data, ",2025-08-26T00:00:04.906404Z,e"...)
		data = strconv.AppendInt(data, int64(rng.IntN(events)), 10)
		data = append(data, ",71\n"...)
	}
	return shape{"random", data, rows}
}
