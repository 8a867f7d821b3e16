package main

import (
	"errors"

	"fastcount/engine"
)

// proofOptions are the flags about how strong the proof of completeness must be.
type proofOptions struct {
	require    choice
	expectRows expectedRows
}

// checkProof returns an error if the report lacks what the flags require. The
// report's parts are marked as proved by their rows if the expected number was
// counted.
func (o *proofOptions) checkProof(r *engine.Report) error {
	if o.expectRows.set {
		if err := r.ExpectRows(o.expectRows.rows); err != nil {
			return err
		}
	}
	if o.require.word == "" {
		return nil
	}
	var least engine.Proof
	if err := least.UnmarshalText([]byte(o.require.word)); err != nil {
		return err
	}
	return r.RequireProof(least)
}

// checkShardProof refuses the flag that has no meaning for a part of a plan.
func (o *proofOptions) checkShardProof() error {
	if o.expectRows.set {
		return usage(hinted(errors.New("--expect-rows: a shard has only some of the rows"),
			"give it to fastcount merge instead"))
	}
	return nil
}
