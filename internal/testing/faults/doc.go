// Package faults proves, by tests alone, that a run ends in the exact answer or in the error that belongs to what went
// wrong: the real client and engine on a network in memory, in fake time, against a server that can do everything wrong.
// What must come of a fault is worked out here from the data and package oracle, never by asking the code under test.
//
// TestSimulate plays schedules of random faults. Each has a number; to play more of them, or one again:
//
//	FASTCOUNT_SIM_SCHEDULES=1000000 go test -run TestSimulate ./internal/testing/faults
//	FASTCOUNT_SIM_SEED=17 go test -run TestSimulate ./internal/testing/faults
//
// A schedule that is cancelled may be resumed with the parts that were finished. The tests of cuts end an answer, a file
// and standard input at every byte.
package faults
