package engine_test

import (
	"errors"
	"testing"

	"fastcount/engine"
)

func TestProofText(t *testing.T) {
	for p := engine.ProofNone; p <= engine.ProofRows; p++ {
		text, err := p.MarshalText()
		var back engine.Proof
		if err != nil || back.UnmarshalText(text) != nil || back != p {
			t.Errorf("%v: %q, %v, read as %v", p, text, err, back)
		}
	}
	var p engine.Proof
	if err := p.UnmarshalText([]byte("sums")); err == nil {
		t.Error("sums is a proof")
	}
}

func proved(proofs ...engine.Proof) *engine.Report {
	r := &engine.Report{Rows: 10}
	for _, p := range proofs {
		r.Parts = append(r.Parts, engine.PartReport{Name: p.String(), Verified: p})
	}
	return r
}

// TestReportProof returns the weakest proof of the parts that were counted.
func TestReportProof(t *testing.T) {
	for _, test := range []struct {
		report *engine.Report
		want   engine.Proof
	}{
		{proved(), engine.ProofNone},
		{proved(engine.ProofRows), engine.ProofRows},
		{proved(engine.ProofRows, engine.ProofChecksum, engine.ProofLength), engine.ProofChecksum},
		{proved(engine.ProofFraming, engine.ProofRows), engine.ProofFraming},
		{proved(engine.ProofNone, engine.ProofRows), engine.ProofNone},
	} {
		if got := test.report.Proof(); got != test.want {
			t.Errorf("got %v, want %v", got, test.want)
		}
	}
	r := proved(engine.ProofNone, engine.ProofLength)
	r.Parts[0].Failed = true
	if got := r.Proof(); got != engine.ProofLength {
		t.Errorf("a part that failed: got %v", got)
	}
	if err := r.RequireProof(engine.ProofLength); err != nil {
		t.Errorf("a part that failed: got %v", err)
	}
}

// TestRequireProof lists every part whose proof is too weak, in their order.
func TestRequireProof(t *testing.T) {
	r := proved(engine.ProofFraming, engine.ProofRows, engine.ProofNone, engine.ProofLength)
	if err := r.RequireProof(engine.ProofNone); err != nil {
		t.Errorf("nothing is required: %v", err)
	}
	list := engine.Failures(r.RequireProof(engine.ProofLength))
	if len(list) != 2 || list[0].Part != "framing" || list[1].Part != "none" {
		t.Fatalf("got %v", list)
	}
	want := `none: proof of completeness is "none", weaker than the required "length"`
	if err := list[1]; !errors.Is(err, engine.ErrWeakProof) || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestExpectRows counts rows that were left out, and fails if parts failed.
func TestExpectRows(t *testing.T) {
	r := proved(engine.ProofNone, engine.ProofChecksum)
	r.Parts[0].BadRows = 2
	if err := r.ExpectRows(10); !errors.Is(err, engine.ErrExpectedRows) || err.Error() != "12 rows counted, 10 expected" {
		t.Errorf("10 rows: %v", err)
	}
	if r.Proof() != engine.ProofNone {
		t.Errorf("a mismatch proves %v", r.Proof())
	}
	if err := r.ExpectRows(12); err != nil || r.Proof() != engine.ProofRows {
		t.Errorf("12 rows: %v, proof %v", err, r.Proof())
	}
	r = proved(engine.ProofNone)
	r.Parts[0].Failed, r.Parts[0].Err = true, errors.New("gone")
	if engine.Failures(r.ExpectRows(10)) == nil {
		t.Error("a part failed, and the number of rows is as expected")
	}
}
