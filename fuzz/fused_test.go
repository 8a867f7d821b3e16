package fuzz

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"fastcount/internal/fused"
	"fastcount/internal/intern"
	"fastcount/internal/simd"
	"fastcount/internal/testing/oracle"
)

// FuzzFused compares the counts of a fused.Path, with each kernel, with those
// of encoding/csv for the bytes that it counted. They must end with a line
// feed, and no record among them may begin at stop or later.
func FuzzFused(f *testing.F) {
	f.Add([]byte("P1,t,bp,1\nP22,t,hr,2\nP1,t,\"bp\",1\n"), uint16(100), false, false)
	f.Add([]byte("\"P1\",\"t\",\"bp\",\"1\"\r\n\"P22\",\"\",\"hr\",\"\"\r\n"), uint16(30), false, false)
	f.Add(bytes.Repeat([]byte("0b3e1f5a-7c1d-4a89-9e55-4f6d1c2b3a00,2025-08-26T00:00:07Z,hr,2\r\n"), 15), uint16(900), true, false)
	f.Add(bytes.Repeat([]byte("P1,t,bp,1\n"), 90), uint16(880), false, false)
	f.Add(bytes.Repeat([]byte("v,bp,t,P1\nv,hr,t,P22\r\n"), 50), uint16(880), false, true)
	f.Add([]byte("P1,t,bp,1\n\ufeffP1,t,bp,1\n"), uint16(100), false, false)
	f.Add([]byte("v,bp,t,P1\n\ufeffv,hr,t,P22\n"), uint16(100), false, true)
	f.Add(bytes.Repeat([]byte("P1,t,bp,1\rx\n"), 9), uint16(100), false, false)
	f.Add([]byte("\"P1\",\"t\"x,\"bp\",\"1\"\n\"P1\",\"t\",\"hr\",\"1\"\n"), uint16(100), false, false)
	kernels := slices.DeleteFunc(simd.Kernels(), func(k simd.Kernel) bool { return !k.Available })
	f.Fuzz(func(t *testing.T, data []byte, stop uint16, long, wide bool) {
		for _, k := range kernels {
			if err := simd.Use(k.Name); err != nil {
				t.Fatal(err)
			}
			checkFused(t, data, stop, long, wide)
		}
	})
}

func checkFused(t *testing.T, data []byte, stop uint16, long, wide bool) {
	names := []string{"P1", "P22", "", "bp", "hr", "\ufeffP1"}
	if long {
		names = append(names, "0b3e1f5a-7c1d-4a89-9e55-4f6d1c2b3a00", "blood_pressure_systolic")
	}
	table := intern.New(nil)
	for _, name := range names {
		if _, err := table.ID([]byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	const stride = 8
	counts := make([]uint64, len(names)*stride)
	layout, header := fused.Layout{Delimiter: ',', Width: 4, First: 0, Second: 2}, "p,t,e,v\n"
	if wide {
		layout.First, layout.Second, header = 3, 1, "v,e,t,p\n"
	}
	path := fused.New(layout, nil)
	padded := append(bytes.Clone(data), bytes.Repeat([]byte("P1,t,bp,1\n\"\r"), fused.Slack)...)
	used, rows := path.Count(padded[:len(data)], min(int(stop), len(data)), table, table, counts, stride)

	want, err := oracle.Counts(append([]byte(header), data[:used]...), ',', "p", "e")
	if err != nil {
		t.Fatalf("counted %q, which encoding/csv rejects: %v", data[:used], err)
	}
	got := map[[2]string]uint64{}
	total := uint64(0)
	for i, n := range counts {
		if n > 0 {
			got[[2]string{names[i/stride], names[i%stride]}] = n
			total += n
		}
	}
	if !maps.Equal(got, want) || uint64(rows) != total {
		t.Fatalf("%q: %d rows, %v, want %v", data[:used], rows, got, want)
	}
	if used > 0 && (data[used-1] != '\n' || bytes.LastIndexByte(data[:used-1], '\n')+1 >= int(stop)) {
		t.Fatalf("stop is %d, but counted %q", stop, data[:used])
	}
}
