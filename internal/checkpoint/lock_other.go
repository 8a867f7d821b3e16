//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package checkpoint

import (
	"errors"
	"fmt"
	"os"
)

// lock refuses: without a lock two processes could not be kept apart.
func lock(string) (*os.File, error) {
	return nil, fmt.Errorf("directories cannot be locked: %w", errors.ErrUnsupported)
}
