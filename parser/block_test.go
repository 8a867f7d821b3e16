package parser_test

import (
	"strings"
	"testing"

	"fastcount/internal/simd"
	"fastcount/parser"
)

// The block parser makes all blocks of plain records. If a record contains a
// quote, only its window needs the record parser.
func TestBlocksByPath(t *testing.T) {
	const rows = 50_000
	plain := strings.Repeat("P001,2025-08-26T00:00:04Z,bp_sys,71\n", rows)
	quote := "P001,\"2025-08-26T00:00:04Z\",bp_sys,71\n"
	half := len(plain) / 2
	half -= half % (len(plain) / rows)
	windows := len(plain) / (64 << 10)
	for name, tt := range map[string]struct {
		rows                string
		fastLeast, slowMost int
	}{
		"plain":     {plain, windows, 0},
		"CRLF":      {strings.ReplaceAll(plain, "\n", "\r\n"), windows, 0},
		"one quote": {plain[:half] + quote + plain[half:], windows - 2, 2},
		"quoted":    {strings.Repeat(quote, rows), 0, 2 * windows},
	} {
		for _, k := range simd.Kernels() {
			if !k.Available {
				continue
			}
			t.Run(name+"/"+k.Name, func(t *testing.T) {
				r := parser.NewReader(strings.NewReader("patient_id,event_time,event_type,value\n"+tt.rows), ids)
				r.UseKernel(k)
				got, err := readAll(r, 2)
				if err != nil || len(got) != strings.Count(tt.rows, "\n") {
					t.Fatalf("%d rows, %v", len(got), err)
				}
				fast, slow := r.Blocks()
				if fast < tt.fastLeast || slow > tt.slowMost || name == "quoted" && (fast > 0 || slow < windows) {
					t.Errorf("%d blocks by the block parser and %d by the record parser, want at least %d and at most %d", fast, slow, tt.fastLeast, tt.slowMost)
				}
			})
		}
	}
}
