//go:build !purego

package fused

import (
	"strings"
	"testing"

	"fastcount/internal/intern"
	"fastcount/internal/simd"
)

// Each kind of record is counted to its end by the assembly that is meant for
// it, with all streams.
func TestVariants(t *testing.T) {
	for i, kernel := range []string{"avx2", "avx512"} {
		t.Run(kernel, func(t *testing.T) {
			before := simd.Current().Name
			if err := simd.Use(kernel); err != nil || !Available {
				t.Skipf("the fused path for %s is not available here", kernel)
			}
			defer simd.Use(before)
			testVariants(t, i)
		})
	}
}

func testVariants(t *testing.T, kernel int) {
	uuid := "0b3e1f5a-7c1d-4a89-9e55-4f6d1c2b3a00"
	for name, tt := range map[string]struct {
		layout        Layout
		record        string
		first, second string
		variants      [2]string // with AVX2 and with AVX-512
	}{
		"reference":    {Layout{Delimiter: ',', Width: 4, First: 0, Second: 2}, "P1,t,bp,71\n", "P1", "bp", [2]string{"leading", "pairs"}},
		"CRLF":         {Layout{Delimiter: ',', Width: 4, First: 0, Second: 2}, "P1,t,bp,71\r\n", "P1", "bp", [2]string{"leading", "pairs"}},
		"two columns":  {Layout{Delimiter: ',', Width: 2, First: 0, Second: 1}, "P1,bp\n", "P1", "bp", [2]string{"any", "pairs"}},
		"quoted":       {Layout{Delimiter: ',', Width: 4, First: 0, Second: 2}, "\"P1\",\"t\",\"bp\",\"71\"\n", "P1", "bp", [2]string{"any", "pairs"}},
		"quoted, CRLF": {Layout{Delimiter: ',', Width: 4, First: 0, Second: 2}, "\"P1\",\"t\",\"bp\",\"71\"\r\n", "P1", "bp", [2]string{"any", "pairs"}},
		"long":         {Layout{Delimiter: ',', Width: 4, First: 0, Second: 2}, uuid + ",t,bp,71\n", uuid, "bp", [2]string{"long", "long pairs"}},
		"long, quoted": {Layout{Delimiter: ',', Width: 4, First: 0, Second: 2}, "\"" + uuid + "\",\"t\",\"bp\",\"71\"\n", uuid, "bp", [2]string{"long", "long pairs"}},
		"exchanged":    {Layout{Delimiter: ',', Width: 4, First: 2, Second: 0}, "bp,t,P1,71\n", "P1", "bp", [2]string{"wide", "pairs"}},
		"many columns": {Layout{Delimiter: ',', Width: 8, First: 3, Second: 5}, "a,b,c,P1,d,bp,e,f\n", "P1", "bp", [2]string{"wide", "wide"}},
		"at the ends":  {Layout{Delimiter: ',', Width: 8, First: 0, Second: 7}, "P1,a,b,c,d,e,f,bp\n", "P1", "bp", [2]string{"wide", "pairs"}},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := intern.New(nil), intern.New(nil)
			for table, id := range map[*intern.Table]string{first: tt.first, second: tt.second} {
				if _, err := table.ID([]byte(id)); err != nil {
					t.Fatal(err)
				}
			}
			const records = 1000
			text := strings.Repeat(tt.record, records)
			data := []byte(text + strings.Repeat("x", Slack))[:len(text)]
			f, counts := New(tt.layout, nil), make([]uint64, 1)
			used, rows := f.Count(data, len(data), first, second, counts, 1)
			if used != len(data) || rows != records || counts[0] != records {
				t.Errorf("counted %d records in %d of %d bytes", rows, used, len(data))
			}
			if got := variantOf(f); got != tt.variants[kernel] {
				t.Errorf("counted by variant %s, want %s", got, tt.variants[kernel])
			}
			if rest := f.streams.rounds; rest > 20 {
				t.Errorf("%d records were left for one stream", rest)
			}
		})
	}
}

// variantOf names the assembly that counts f's records.
func variantOf(f *Path) string {
	switch {
	case f.variant == pairKeys:
		return "pairs"
	case f.variant == longPairKeys:
		return "long pairs"
	case f.pattern.wide:
		return "wide"
	case f.variant == longNameKeys:
		return "long"
	case f.pattern.leading():
		return "leading"
	}
	return "any"
}
