//go:build !unix

package checkpoint

import (
	"io/fs"
	"os"
)

// canTell is false: modes do not show who can change a file.
const canTell = false

// noFollow is no flag: the system has none.
const noFollow = 0

// ownerOf returns the user of this process: files have no numbered owner.
func ownerOf(fs.FileInfo) int { return os.Geteuid() }
