package faults

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // a schedule leaves much garbage and keeps next to nothing: a third of the time is saved
	goleak.VerifyTestMain(m)
}
