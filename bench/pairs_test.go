package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"fastcount/engine"
)

// BenchmarkPairs counts random rows in memory with one worker, for an
// increasing number of pairs. The time per row should not jump at the
// transition from the dense to the sparse table, or at the size of a cache. It
// includes storing each name once and sorting the report.
//
//	go test -run='^$' -bench=Pairs -benchtime=3x ./bench
func BenchmarkPairs(b *testing.B) {
	for _, n := range [][2]int{{5, 2}, {50, 2}, {250, 4}, {2500, 4}, {25_000, 4}, {250_000, 4}, {100, 100}, {1000, 100}, {1000, 1000}, {1_000_000, 4}, {10_000, 1000}} {
		patients, events := n[0], n[1]
		s := randomPairs(patients, events, 2_000_000/divisor)
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

// randomPairs returns rows with a random patient and event type each.
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
