package bench

import (
	"fmt"
	"strings"
	"testing"

	"fastcount/engine"
)

// hostileSets are sets of names for which a weak or unkeyed hash has many
// collisions. id returns n distinct ASCII names for 0 <= i < n. The others are
// compared with the first set.
var hostileSets = []struct {
	name string
	id   func(i int) string
}{
	{"random", func(i int) string { return fmt.Sprintf("%08x", uint32(i)*2654435761) }},
	{"counted", func(i int) string { return fmt.Sprintf("P%07d", i) }},
	{"counted-reversed", func(i int) string { return reversed(fmt.Sprintf("%07dP", i)) }},
	{"second-word-only", func(i int) string { return fmt.Sprintf("xxxxxxxx%06x", i) }},
	{"first-and-last-byte-of-each-half", func(i int) string {
		return string([]byte{hex(i), 'x', 'x', 'x', 'x', 'x', 'x', hex(i >> 4), hex(i >> 8), 'x', 'x', 'x', 'x', hex(i >> 12)})
	}},
	{"one-diagonal-of-an-aes-block", func(i int) string {
		// One round of AES mixes bytes 0, 5, 10 and 13 into the same word.
		b := []byte("xxxxxxxxxxxxxx")
		b[0], b[5], b[10], b[13] = hex(i), hex(i>>4), hex(i>>8), hex(i>>12)
		return string(b)
	}},
	{"both-halves-alike", func(i int) string { w := fmt.Sprintf("%07x", i); return w + w }},
	{"lengths", func(i int) string { return strings.Repeat("a", i%9) + fmt.Sprintf("%05x", i) }},
}

func hex(i int) byte { return "0123456789abcdef"[i&15] }

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// BenchmarkHostile counts rows whose patient ids were chosen to collide. They
// must take at most three times as long as random ones.
//
//	go test -run='^$' -bench=Hostile -count=5 ./bench
func BenchmarkHostile(b *testing.B) {
	names, rows := 20_000/divisor, 1_000_000/divisor
	for _, set := range hostileSets {
		b.Run("ids="+set.name, func(b *testing.B) {
			var data strings.Builder
			data.WriteString("patient_id,event_time,event_type,value\n")
			for i := range rows {
				data.WriteString(set.id(int(uint32(i)*2654435761>>8) % names))
				data.WriteString(",2025-08-26T00:00:07Z,bp,71\n")
			}
			s := shape{set.name, []byte(data.String()), rows}
			for b.Loop() {
				r, err := engine.Run(b.Context(), []engine.Part{memory{s, 1}}, engine.Config{})
				if err != nil {
					b.Fatal(err)
				}
				if r.Rows != uint64(rows) || len(r.Keys[0]) != names {
					b.Fatalf("%d rows of %d patients", r.Rows, len(r.Keys[0]))
				}
			}
			report(b, s)
		})
	}
}
