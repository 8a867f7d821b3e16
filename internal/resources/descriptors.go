package resources

import (
	"errors"
	"fmt"
)

// ErrDescriptors is matched by the error for too few file descriptors.
var ErrDescriptors = errors.New("too few file descriptors")

// fewestDescriptors is the number of files that a run must be able to open.
// With fewer than three the runtime of Go ends the program with code 2, which
// is that of a usage error.
const fewestDescriptors = 16

// CheckDescriptors returns an error that matches ErrDescriptors if a run could
// open fewer files than fewestDescriptors.
func CheckDescriptors() error {
	if n := freeDescriptors(fewestDescriptors); n < fewestDescriptors {
		return fmt.Errorf("%w: %d available, at least %d needed", ErrDescriptors, n, fewestDescriptors)
	}
	return nil
}
