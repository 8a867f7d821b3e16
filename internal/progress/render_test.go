package progress

import (
	"testing"
	"time"
)

// TestRateIsNotInvented checks that a row has no rate before any time has
// passed.
func TestRateIsNotInvented(t *testing.T) {
	g := gauge{name: "a.csv", rows: 5, fraction: 0.5}
	if r := newRow(g, ""); r.facts[rate] != "" {
		t.Errorf("got %q", r.facts[rate])
	}
	g.elapsed = time.Second
	if r := newRow(g, ""); r.facts[rate] != "5/s" {
		t.Errorf("after a second: got %q", r.facts[rate])
	}
}
