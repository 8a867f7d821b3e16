package main

import (
	"errors"
	"fmt"
)

// errDescriptors is matched by the error for file descriptors that ran out.
var errDescriptors = errors.New("too few file descriptors")

// fewestDescriptors is the number of files that a run must be able to open. With
// fewer than three the runtime of Go ends the program with code 2, which is
// that of a usage error.
const fewestDescriptors = 16

// checkDescriptors refuses to run where hardly a file can be opened.
func checkDescriptors() error {
	if n := freeDescriptors(fewestDescriptors); n < fewestDescriptors {
		return fmt.Errorf("%w: %d more files can be opened, and at least %d are needed", errDescriptors, n, fewestDescriptors)
	}
	return nil
}
