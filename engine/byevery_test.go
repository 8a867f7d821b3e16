package engine_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// inPieces is a part whose stream returns pieces of the given sizes.
type inPieces struct {
	memory
	sizes []int
}

func (p inPieces) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(&corpus.Pieces{Data: p.data, Sizes: p.sizes}), nil
}

// everyKeys are the key columns of TestEveryShortInputBy, one to four, as
// column numbers and units.
var everyKeys = [][]oracle.Key{
	{{Column: 1}},
	{{Column: 0, Unit: "day"}},
	{{Column: 1}, {Column: 0}},
	{{Column: 0, Unit: "year"}, {Column: 1}},
	{{Column: 1}, {Column: 0}, {Column: 1}},
	{{Column: 0, Unit: "month"}, {Column: 1}, {Column: 0}},
	{{Column: 0}, {Column: 1}, {Column: 0}, {Column: 1}},
	{{Column: 1}, {Column: 0, Unit: "hour"}, {Column: 0, Unit: "day"}, {Column: 1}},
}

// TestEveryShortInputBy counts every sequence of a few tokens after a header by
// one to four key columns, in pieces of every size, and in byte ranges of 1 to
// 3 bytes with two workers, and compares the groups, or whether there is an
// error, with the state machine.
func TestEveryShortInputBy(t *testing.T) {
	tokens := []string{"2026-01-31T10", "20260131 11:00,", "t", "x", ",", "\"", "\n"}
	tested := 0
	var visit func(body string, left int)
	visit = func(body string, left int) {
		if body != "" {
			tested += checkEveryWay(t, "t,x\n"+body)
		}
		for _, token := range tokens[:min(left, 1)*len(tokens)] {
			visit(body+token, left-1)
		}
	}
	visit("", proof.Bound(3, 4))
	proof.Cases(t, "strings-by", tested)
}

// checkEveryWay returns the number of runs.
func checkEveryWay(t *testing.T, input string) (runs int) {
	t.Helper()
	read := oracle.Read([]byte(input), oracle.CSV(','), parser.DefaultMaxRecordLines)
	for i, keys := range everyKeys {
		var by []engine.KeyColumn
		for _, key := range keys {
			by = append(by, engine.KeyColumn{Name: fmt.Sprint(len(by)), Column: parser.Selector{Number: key.Column + 1}, Bucket: key.Unit})
		}
		want, err := read.Groups(keys)
		refused := err != nil || read.Fault != nil
		check := func(part engine.Part, cfg engine.Config) {
			runs++
			cfg.By = by
			r, err := engine.Run(t.Context(), []engine.Part{part}, cfg)
			switch {
			case refused != (err != nil):
				t.Fatalf("%q by %v, %T: got %v, want an error: %v", input, keys, part, err, refused)
			case err == nil && !maps.Equal(quotedGroups(r), want):
				t.Fatalf("%q by %v, %T: got %v, want %v", input, keys, part, quotedGroups(r), want)
			}
		}
		data := memory{"a", []byte(input)}
		check(data, engine.FuseAll(engine.Config{}))
		check(plain{data}, engine.Config{Jobs: 2, RangeSize: int64(1 + i%3)})
		for size := 1; size < min(len(input), 20); size += 1 + i%2 {
			check(inPieces{data, []int{size}}, engine.Config{BufferSize: size})
		}
	}
	return runs
}

// quotedGroups returns the counts by the values of each group, as the oracle
// does.
func quotedGroups(r *engine.Report) map[string]uint64 {
	got := map[string]uint64{}
	for group, n := range r.All() {
		values := make([]string, len(group))
		for i, index := range group {
			values[i] = strings.Clone(r.Keys[i][index])
		}
		got[fmt.Sprintf("%q", values)] = n
	}
	return got
}
