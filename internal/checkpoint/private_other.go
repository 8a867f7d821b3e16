//go:build !unix

package checkpoint

import (
	"io/fs"
	"os"
)

// hasOwners is false, because modes do not show who can change a file.
const hasOwners = false

// noFollow is 0, because the system has no such flag.
const noFollow = 0

// ownerOf returns the user of this process, because files have no numbered
// owner.
func ownerOf(fs.FileInfo) int { return os.Geteuid() }
