// Package faults has tests that run the real client and engine on a simulated
// network, in simulated time, with a server that misbehaves. Every run must end
// with the exact counts, or with the error that belongs to the fault. The tests
// derive the expected result from the data and package oracle, and never from
// the code under test.
//
// TestSimulate runs schedules of random faults. The seed of a schedule is its
// number. To run more of them, or to repeat one:
//
//	cd internal/testing/faults
//	FASTCOUNT_SIM_SCHEDULES=1000000 go test -run TestSimulate
//	FASTCOUNT_SIM_SEED=17 go test -run TestSimulate
//
// A cancelled schedule may be resumed with the parts that were complete. Other
// tests cut an answer, a file and standard input at every byte.
package faults
