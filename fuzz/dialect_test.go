package fuzz

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/oracle"
	"fastcount/parser"
)

// FuzzDialect compares the parser in a random dialect with the state machine:
// records, the kind of an error and its position, and the counts of what was
// left out. They must not depend on how the bytes arrive.
func FuzzDialect(f *testing.F) {
	for i, c := range corpus.DialectCases() {
		f.Add([]byte(c.Input), uint64(i), []byte{1})
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for seed := range uint64(200) {
		d := corpus.RandomDialect(rand.New(rand.NewPCG(seed, 0)))
		f.Add(corpus.RandomInput(rng, d), seed, []byte{3, 0, byte(seed)})
	}
	f.Fuzz(func(t *testing.T, input []byte, seed uint64, pieces []byte) {
		if len(input) > parser.DefaultMaxRecord {
			return
		}
		d := corpus.RandomDialect(rand.New(rand.NewPCG(seed, 0)))
		want := oracle.Read(input, corpus.OracleDialect(d), manyLines, 0)
		checkDialect(t, input, d, want)
		if other, err := oracle.Translated(input, corpus.OracleDialect(d), 0); !errors.Is(err, oracle.ErrNoSpareByte) {
			if (err == nil) != (want.Fault == nil) || err == nil && !slices.EqualFunc(other.Rows, want.Rows, slices.Equal) {
				t.Fatalf("%+v: the oracles have %q and %q, %v and %v", d, want.Rows, other.Rows, want.Fault, err)
			}
		}
		src := &corpus.Pieces{Data: input, Sizes: sizes(pieces)}
		cfg := parser.Config{Dialect: d, Columns: []parser.Selector{{Number: 1}}, BufferSize: 1 + len(pieces), Limits: parser.Limits{MaxRecordLines: manyLines}}
		r := parser.NewReader(src, cfg)
		defer r.Release()
		agreesWithResult(t, r, want)
	})
}

// checkDialect compares what the parser reads in one go with the result of the
// state machine.
func checkDialect(t *testing.T, input []byte, d parser.Dialect, want oracle.Result) {
	t.Helper()
	cfg := parser.Config{Dialect: d, Columns: []parser.Selector{{Number: 1}}, Limits: parser.Limits{MaxRecordLines: manyLines}}
	r := parser.NewReader(&corpus.Windows{Data: input, Sizes: []int{len(input)/2 + 1}}, cfg)
	defer r.Release()
	agreesWithResult(t, r, want)
}

// agreesWithResult compares the first column, the error, and the counts of what
// was left out with the result of the state machine.
func agreesWithResult(t *testing.T, r *parser.Reader, want oracle.Result) {
	t.Helper()
	rows, err := readRecords(r)
	if errors.Is(err, parser.ErrTooManyColumns) {
		return // the oracle has no such limit
	}
	same := func(got, want []string) bool { return got[0] == want[0] }
	if !slices.EqualFunc(rows, want.Rows, same) {
		t.Fatalf("got %q, %v, the machine has %q, %+v", rows, err, want.Rows, want.Fault)
	}
	var s *parser.SyntaxError
	switch f := want.Fault; {
	case f == nil && err == nil:
		stats := parser.Stats{Multiline: uint64(want.Multiline), Ragged: uint64(want.Ragged), Comments: uint64(want.Comments),
			RepeatedHeaders: uint64(want.RepeatedHeaders), SkippedRows: uint64(want.SkippedRows), EmptyInputs: uint64(want.EmptyInputs)}
		if r.Stats() != stats {
			t.Fatalf("got %+v, the machine has %+v", r.Stats(), stats)
		}
	case f == nil || !errors.As(err, &s) || !errors.Is(err, corpus.Faults[f.Kind]) || s.Offset != int64(f.Offset) || s.Line != int64(f.Line):
		t.Fatalf("got %v, the machine has %+v", err, f)
	}
}
