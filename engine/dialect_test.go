package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"fastcount/engine"
	"fastcount/internal/testing/corpus"
	"fastcount/internal/testing/oracle"
	"fastcount/internal/testing/proof"
	"fastcount/parser"
)

// Random inputs in random dialects have the counts of the state machine, in
// byte ranges of many sizes too, and with the fused path wherever it can be
// used.
func TestRandomDialects(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 2))
	good, bad := 0, 0
	for range proof.Bound(2_000, 30_000) {
		d := corpus.RandomDialect(rng)
		input := corpus.RandomInput(rng, d)
		if rng.IntN(3) == 0 {
			d.SkipFooter = 0
		}
		cfg := engine.Config{Dialect: d, Patient: parser.Selector{Number: 1}, Event: parser.Selector{Number: 2}}
		od := corpus.OracleDialect(d)
		want := oracle.Read(input, od, parser.DefaultMaxRecordLines, 0, 1)
		if narrow(want) { // a column is missing
			continue
		}
		part := plain{memory{"input", input}}
		whole, wholeErr := engine.Run(t.Context(), []engine.Part{part}, cfg)
		if err := agrees(want, od, whole, wholeErr); err != nil {
			t.Fatalf("%+v, %q: %v", d, input, err)
		}
		for _, cfg := range []engine.Config{{Jobs: 3, RangeSize: 1 + int64(rng.IntN(9))}, {Jobs: 2, RangeSize: 30}} {
			cfg.Dialect, cfg.Patient, cfg.Event = d, parser.Selector{Number: 1}, parser.Selector{Number: 2}
			split, err := engine.Run(t.Context(), []engine.Part{part}, engine.FuseAll(cfg))
			if fmt.Sprint(err) != fmt.Sprint(wholeErr) {
				t.Fatalf("%+v, %q, ranges of %d: got %v, want %v", d, input, cfg.RangeSize, err, wholeErr)
			}
			if err == nil && (fmt.Sprint(pairs(split)) != fmt.Sprint(pairs(whole)) || split.Parts[0].Stats != whole.Parts[0].Stats) {
				t.Fatalf("%+v, %q, ranges of %d: got %+v, want %+v", d, input, cfg.RangeSize, split, whole)
			}
		}
		if wholeErr == nil {
			good++
		} else {
			bad++
		}
	}
	if good < bad/20 || bad < good/20 {
		t.Errorf("%d inputs can be counted and %d cannot: want more of both", good, bad)
	}
	proof.Cases(t, "random-dialects-split", good+bad)
}

// narrow reports whether a header or a record has fewer than two fields.
func narrow(r oracle.Result) bool {
	short := func(row []string) bool { return len(row) < 2 }
	return r.Header != nil && short(r.Header) || slices.ContainsFunc(r.Rows, short) || r.Header == nil && len(r.Rows) == 0
}

// agrees compares a run with the result of the state machine.
func agrees(want oracle.Result, d oracle.Dialect, got *engine.Report, err error) error {
	counts, countErr := want.Counts(d, 0, 1)
	if failed := want.Fault != nil || countErr != nil; failed != (err != nil) {
		return fmt.Errorf("got error %v, want %+v, %v", err, want.Fault, countErr)
	}
	if err != nil {
		return nil
	}
	if g := pairs(got); fmt.Sprint(g) != fmt.Sprint(counts) {
		return fmt.Errorf("got %v, want %v", g, counts)
	}
	s := got.Parts[0].Stats
	if s.Comments != uint64(want.Comments) || s.Ragged != uint64(want.Ragged) || s.SkippedRows != uint64(want.SkippedRows) ||
		s.RepeatedHeaders != uint64(want.RepeatedHeaders) || s.Multiline != uint64(want.Multiline) {
		return fmt.Errorf("got %+v, want %+v", s, want)
	}
	return nil
}

// factual is a part with facts.
type factual struct {
	memory
	facts map[string]string
}

func (f factual) Info() engine.PartInfo {
	return engine.PartInfo{Facts: func() map[string]string { return f.facts }}
}

// A fact takes the place of a column in all rows of a part. A part without rows
// has no id.
func TestFacts(t *testing.T) {
	part := func(name, text string) engine.Part {
		return factual{memory{name, []byte(text)}, map[string]string{"name": name}}
	}
	rows := strings.Repeat("EGV,1\nCarbs,2\n\"EGV\",3\n", 3000)
	cfg := engine.Config{Patient: parser.Selector{Fact: "name"}, Event: parser.Selector{Name: "kind"}}
	parts := []engine.Part{part("S1", "kind,v\n"+rows), part("S2", "kind,v\n"), part("S3", "v,kind\n1,EGV\n")}
	r, err := engine.Run(t.Context(), parts, cfg)
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, r, map[[2]string]uint64{{"S1", "EGV"}: 6000, {"S1", "Carbs"}: 3000, {"S3", "EGV"}: 1})
	if !slices.Equal(r.Keys[0], []string{"S1", "S3"}) {
		t.Errorf("got patients %q", r.Keys[0])
	}
	cfg.Event = parser.Selector{Name: "none", Or: &parser.Selector{Fact: "name"}}
	r, err = engine.Run(t.Context(), parts, cfg)
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, r, map[[2]string]uint64{{"S1", "S1"}: 9000, {"S3", "S3"}: 1})
	cfg.Patient = parser.Selector{Fact: "dir"}
	if _, err = engine.Run(t.Context(), parts, cfg); !errors.Is(err, parser.ErrMissingColumn) {
		t.Errorf("got %v", err)
	}
}

// A fact that cannot be counted is an error, as an id is.
func TestFactThatIsNoID(t *testing.T) {
	for value, want := range map[string]error{"\xff": parser.ErrInvalidUTF8, strings.Repeat("x", 5000): engine.ErrIDTooLong} {
		part := factual{memory{"a", []byte("kind\nEGV\n")}, map[string]string{"name": value}}
		cfg := engine.Config{Patient: parser.Selector{Fact: "name"}, Event: parser.Selector{Name: "kind"}}
		if _, err := engine.Run(t.Context(), []engine.Part{part}, cfg); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}
